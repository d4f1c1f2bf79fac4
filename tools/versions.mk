# Pinned tools. They are built into .cache/tools by the target that needs them, never by `go get` in a module.
BUF            := github.com/bufbuild/buf/cmd/buf@v1.75.0
PROTOC_GEN_GO  := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
PROTOC_GEN_GRPC:= google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1
GOLANGCI_LINT  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# The broker that `make integration` runs on.
KAFKA := 4.4.0
