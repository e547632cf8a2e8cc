# The bot. Build: docker build -t opsbot .   Run: see compose.yaml
FROM python:3.13-slim-trixie AS build
WORKDIR /app
COPY .ci/bootstrap.py .ci/bootstrap.py
COPY requirements-run.lock requirements-run.lock
RUN python3 .ci/bootstrap.py --venv /opt/opsbot --lock requirements-run.lock \
 && rm -rf /opt/opsbot/lib/python3.13/site-packages/pip*

FROM python:3.13-slim-trixie
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 OPSBOT_STATE_DIR=/state OPSBOT_LOG_FORMAT=json
WORKDIR /app
COPY --from=build /opt/opsbot /opt/opsbot
COPY flags flags
COPY runbooks runbooks
COPY opsbot opsbot
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin opsbot \
 && install -d -o opsbot -m 0700 /state
USER 10001
VOLUME ["/state"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["/opt/opsbot/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["/opt/opsbot/bin/opsbot"]
CMD ["serve"]
