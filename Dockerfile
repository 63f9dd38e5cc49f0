FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/corral
COPY requirements/runtime.txt requirements/runtime.txt
RUN /opt/corral/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
RUN /opt/corral/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --uid 10001 --home-dir /data --create-home corral
COPY --from=build /opt/corral /opt/corral
# HOST: on a container's loopback nobody would reach it; without AUTH_TOKENS it says so instead of starting.
ENV PATH=/opt/corral/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=* \
    CORRAL_DATA_DIR=/data
WORKDIR /data
VOLUME /data
USER 10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8080') + '/health', timeout=4)"]
ENTRYPOINT ["corral"]
CMD ["serve"]
