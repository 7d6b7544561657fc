# An example program in an image of nothing else: pure Go, without a C library or a shell, as a user without rights.
#
#   docker build --build-arg PROGRAM=sweep --tag fastresnet/sweep .
#   docker build --build-arg PROGRAM=serve --tag fastresnet/serve .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG PROGRAM=sweep
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w" -o /program ./examples/$PROGRAM

FROM scratch
# For cifar10, which can download its images.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /program /program
USER 65532:65532
ENTRYPOINT ["/program"]
