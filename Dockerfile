# The API by default; the worker and the migration are other commands of the same image (see compose.yaml).
FROM python:3.11-slim AS build
COPY requirements/run.txt /build/run.txt
RUN python -m venv /opt/leadwerk \
 && /opt/leadwerk/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes \
    --requirement /build/run.txt

FROM python:3.11-slim
ENV PATH=/opt/leadwerk/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin leadwerk \
 && install --directory --owner=leadwerk --mode=0700 /data
COPY --from=build /opt/leadwerk /opt/leadwerk
WORKDIR /srv/leadwerk
COPY alembic.ini ./
COPY app ./app
COPY workers ./workers
COPY migrations ./migrations
RUN python -m compileall -q app workers migrations
USER leadwerk
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/readyz', timeout=2)"]
CMD ["python", "-m", "app.cli", "api"]
