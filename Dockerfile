# Copyright The EventCore Order Operator Authors.
# SPDX-License-Identifier: Apache-2.0

# The operator's image: one static program, and nothing else. "make docker-build" builds the program first. It holds the
# certificates of public authorities and the time zones itself; to trust others, mount them and set SSL_CERT_FILE.
FROM scratch
ARG TARGETOS=linux
# BuildKit sets it by itself; "make docker-build ARCH=arm64" with any builder.
ARG TARGETARCH
# For tests, another program of bin: its manifest names it.
ARG PROGRAM=manager
COPY bin/${TARGETOS}/${TARGETARCH}/${PROGRAM} /
USER 65532:65532
ENTRYPOINT ["/manager"]
