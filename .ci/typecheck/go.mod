module github.com/fastresnet/fastresnet/.ci/typecheck

go 1.26

require golang.org/x/tools v0.38.0

require (
	golang.org/x/mod v0.29.0 // indirect
	golang.org/x/sync v0.17.0 // indirect
)
