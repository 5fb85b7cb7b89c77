"""Which cluster the picture of an alert is about."""

from dataclasses import replace

import pytest
from markets import long, short, view_of

from liqbot.builtin import RULES
from liqbot.market.clusters import Clusters, End, EndedCluster
from liqbot.market.side import Side
from liqbot.rules.hit import Hit
from liqbot.service.pictures import cluster_of

VIEW = view_of(long("ann", 200_000, at=97), long("bob", 100_000, at=90), short("cid", 150_000, at=104))
NEAR, FAR = sorted((one for one in VIEW.clusters if one.side is Side.LONG), key=lambda one: -one.price)


def test_it_is_the_one_that_the_hit_names():
    assert cluster_of(VIEW, Hit(FAR.id, "x")) == FAR.id


def test_it_is_the_one_at_the_level_where_another_stood_before():
    hit = Hit("BTC-before", "x", side=Side.LONG, value=NEAR.usd)
    assert cluster_of(VIEW, hit) == NEAR.id


def test_it_is_one_that_has_just_been_swept():
    swept = replace(
        VIEW,
        clusters=Clusters([one for one in VIEW.clusters if one is not NEAR]),
        ended=(EndedCluster(NEAR, End.SWEPT, VIEW.time_ms),),
    )
    assert cluster_of(swept, Hit(NEAR.id, "x")) == NEAR.id


@pytest.mark.parametrize("hit", [Hit("long", "x", side=Side.LONG, value=0.9), Hit("flip", "x")])
def test_what_is_about_no_cluster_names_none(hit):
    assert cluster_of(VIEW, hit) is None


def test_every_hit_of_near_cluster_names_one():
    (rule,) = [rule for rule in RULES if rule.name == "near-cluster"]
    hits = list(rule.read(VIEW, rule.form.parse({"within": "20", "single": "1"})).hits)
    assert len(hits) == 3
    assert {cluster_of(VIEW, hit) for hit in hits} == {cluster.id for cluster in VIEW.clusters}
