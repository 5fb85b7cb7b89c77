"""The public API of single accounts: positions with how far each is from its liquidation."""

from http import HTTPStatus

from litestar import Controller, Response, get
from litestar.params import FromPath

from liqbot.service.account_answer import AccountAnswer
from liqbot.service.accounts import NoAccountError, NoAnswerError
from liqbot.service.errors import UserError
from liqbot.service.quotas import TOO_MANY
from liqbot.web.api import Asked, Questions
from liqbot.web.caching import json_answer
from liqbot.web.openapi import ERRORS, answers, problems
from liqbot.web.parameters import only_known_parameters
from liqbot.web.problems import ProblemError

_ERRORS = ERRORS | {
    HTTPStatus.NOT_FOUND: "No such account here, or no source that knows accounts",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests from one address, or too many looks at accounts in all",
    HTTPStatus.SERVICE_UNAVAILABLE: "The venue does not answer at present",
}


class AccountsApi(Controller):
    """Single accounts, under /api/v1. Nothing says which ones somebody watches."""

    path = "/api/v1"
    guards = (only_known_parameters,)
    tags = ("accounts",)

    @get(
        "/account/{address:str}",
        summary="An account's positions, the nearest to its liquidation first",
        responses=answers(AccountAnswer) | problems(_ERRORS),
    )
    async def account(
        self, request: Asked, questions: Questions, address: FromPath[str]
    ) -> Response[bytes | None]:
        """Return what an account holds; it is looked at now, unless that was done seconds ago."""
        try:
            return json_answer(request, await questions.account(address))
        except UserError as error:
            raise _problem(error) from None


def _problem(error: UserError) -> ProblemError:
    """Return an error of the service as one of HTTP."""
    if isinstance(error, NoAccountError):
        return ProblemError(HTTPStatus.NOT_FOUND, str(error))
    if isinstance(error, NoAnswerError):
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    too_many = error.key == TOO_MANY["looks"]
    return ProblemError(HTTPStatus.TOO_MANY_REQUESTS if too_many else HTTPStatus.BAD_REQUEST, str(error))
