# An image of liqbot: nothing of the machine that builds it but the code. Settings and data are mounted.
FROM python:3.12-slim AS build
# What is installed besides, as `postgres` for a bot of several processes: the extras of pyproject.toml.
ARG EXTRAS=""
WORKDIR /src
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix /install --requirement requirements.txt
COPY . .
RUN PYTHONPATH="$(echo /install/lib/python3.*/site-packages)" \
    pip install --no-cache-dir --prefix /install --no-deps --no-build-isolation .
RUN if [ -n "$EXTRAS" ]; then \
    PYTHONPATH="$(echo /install/lib/python3.*/site-packages)" pip install --no-cache-dir --prefix /install \
    --no-build-isolation --constraint requirements-dev.txt ".[$EXTRAS]"; fi

FROM python:3.12-slim
COPY --from=build /install /usr/local
RUN useradd --create-home --uid 1000 liqbot \
    && install --directory --owner liqbot --mode 700 /data \
    && install --directory /plugins
USER liqbot
WORKDIR /data
ENV LIQBOT_DATABASE=/data/liqbot.db \
    LIQBOT_PICTURES_PATH=/data/pictures \
    LIQBOT_PLUGINS_PATH=/plugins \
    LIQBOT_METRICS_PORT=9100 \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8787
STOPSIGNAL SIGTERM
# A trouble of an exchange is no reason to start anew: what answers is well enough to be left alone.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 9100, timeout=4); c.request('GET', '/healthz'); c.getresponse()"]
ENTRYPOINT ["liqbot"]
CMD ["run", "--serve"]
