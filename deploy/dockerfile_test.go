package deploy

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// dockerfiles are those of the repository, below its root.
func dockerfiles(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"services/*/Dockerfile", "cmd/*/Dockerfile"} {
		found, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) != 5 {
		t.Fatalf("Dockerfiles: %v; want those of four services and of the command", all)
	}
	return all
}

// image is what a Dockerfile says of one.
type image struct {
	name         string // of the binary and its folder
	build, final instructions.Stage
	env          map[string]string // of the build
	// What is kept says of itself.
	user       string
	health     []string
	entrypoint []string
	labels     map[string]string
	runEnv     map[string]string
	exposes    []string
}

// readImage reads a Dockerfile as BuildKit does.
func readImage(t *testing.T, file string) image {
	t.Helper()
	f, err := os.Open(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(stages) != 2 || stages[0].Name != "build" {
		t.Fatalf("%s: %d stages; want one called build and one that is kept", file, len(stages))
	}
	im := image{
		name: path.Base(path.Dir(file)), build: stages[0], final: stages[1],
		env: map[string]string{}, labels: map[string]string{}, runEnv: map[string]string{},
	}
	for _, c := range im.build.Commands {
		if e, ok := c.(*instructions.EnvCommand); ok {
			for _, kv := range e.Env {
				im.env[kv.Key] = kv.Value
			}
		}
	}
	for _, c := range im.final.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			im.user = c.User
		case *instructions.HealthCheckCommand:
			im.health = c.Health.Test
		case *instructions.EntrypointCommand:
			if c.PrependShell {
				t.Errorf("%s: ENTRYPOINT asks for a shell, and there is none", file)
			}
			im.entrypoint = c.CmdLine
		case *instructions.LabelCommand:
			for _, kv := range c.Labels {
				im.labels[kv.Key] = kv.Value
			}
		case *instructions.EnvCommand:
			for _, kv := range c.Env {
				im.runEnv[kv.Key] = kv.Value
			}
		case *instructions.ExposeCommand:
			im.exposes = append(im.exposes, c.Ports...)
		case *instructions.RunCommand, *instructions.AddCommand:
			t.Errorf("%s: %s in an image that is made from scratch", file, c)
		}
	}
	return im
}

// ofGo is a version of the image that Go comes in.
var ofGo = regexp.MustCompile(`^golang:(\d+\.\d+)\.\d+$`)

// TestDockerfiles: what is kept is one static binary, run by nobody in particular.
func TestDockerfiles(t *testing.T) {
	goVersion, bases := workspaceGo(t), map[string]bool{}
	for _, file := range dockerfiles(t) {
		im := readImage(t, file)
		if m := ofGo.FindStringSubmatch(im.build.BaseName); m == nil || !strings.HasPrefix(goVersion, m[1]+".") {
			t.Errorf("%s: is built by %s; want a version of golang, of the line of go.work's %s", file, im.build.BaseName, goVersion)
		}
		bases[im.build.BaseName] = true
		if im.final.BaseName != "scratch" {
			t.Errorf("%s: stands on %s, not on scratch", file, im.final.BaseName)
		}
		if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(im.user) {
			t.Errorf("%s: USER %q; want numbers, not root's: Kubernetes can't tell who a name is", file, im.user)
		}
		if want := []string{"/" + im.name}; !slices.Equal(im.entrypoint, want) {
			t.Errorf("%s: ENTRYPOINT %q, want %q", file, im.entrypoint, want)
		}
		for _, l := range []string{"title", "description", "version", "revision"} {
			if im.labels["org.opencontainers.image."+l] == "" {
				t.Errorf("%s: no label org.opencontainers.image.%s", file, l)
			}
		}
		if len(im.exposes) == 0 {
			t.Errorf("%s: exposes no port", file)
		}
		if service := strings.HasPrefix(file, "services/"); service && !slices.Equal(im.health, []string{"CMD", "/" + im.name, "-ready"}) {
			t.Errorf("%s: HEALTHCHECK %q", file, im.health)
		}
		if im.env["CGO_ENABLED"] != "0" || im.env["GOWORK"] != "off" {
			t.Errorf("%s: ENV %v; want CGO_ENABLED=0, for a static binary, and GOWORK=off, since go.work is not there", file, im.env)
		}
		checkOrder(t, file, im)
		checkKept(t, file, im)
	}
	if len(bases) != 1 {
		t.Errorf("built by several: %v", slices.Sorted(maps.Keys(bases)))
	}
}

// checkOrder tells whether modules are fetched before there is code, and whether whatever asks for modules and builds finds a
// cache.
func checkOrder(t *testing.T, file string, im image) {
	t.Helper()
	fetched := false
	for _, c := range im.build.Commands {
		switch c := c.(type) {
		case *instructions.CopyCommand:
			for _, src := range c.SourcePaths {
				if base := path.Base(src); !fetched && base != "go.mod" && base != "go.sum" {
					t.Errorf("%s: %s comes before the modules are fetched: each change there fetches them again", file, src)
				}
			}
		case *instructions.RunCommand:
			line := strings.Join(c.CmdLine, " ")
			// A mount is read when its variables are put in, of which there are none.
			if err := c.Expand(func(word string) (string, error) { return word, nil }); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			var caches []string
			for _, m := range instructions.GetMounts(c) {
				if m.Type == instructions.MountTypeCache {
					caches = append(caches, m.Target)
				}
			}
			fetched = fetched || strings.Contains(line, "go mod download")
			if strings.Contains(line, "go mod download") && !slices.Contains(caches, "/go/pkg/mod") {
				t.Errorf("%s: modules are fetched without a cache", file)
			}
			if isBuild(c) && (!slices.Contains(caches, "/go/pkg/mod") || !slices.Contains(caches, "/root/.cache/go-build")) {
				t.Errorf("%s: is built without the caches of modules and builds: %v", file, caches)
			}
			if isBuild(c) && !strings.Contains(line, "-trimpath") {
				t.Errorf("%s: is built without -trimpath", file)
			}
		}
	}
	if !fetched {
		t.Errorf("%s: modules are not fetched on their own", file)
	}
}

func isBuild(c *instructions.RunCommand) bool {
	return strings.HasPrefix(strings.TrimSpace(strings.Join(c.CmdLine, " ")), "go build ")
}

// checkKept tells whether what is taken from the build is there.
func checkKept(t *testing.T, file string, im image) {
	t.Helper()
	kept := map[string]string{}
	for _, c := range im.final.Commands {
		cp, ok := c.(*instructions.CopyCommand)
		if !ok {
			continue
		}
		if cp.From != "build" || len(cp.SourcePaths) != 1 {
			t.Errorf("%s: %s", file, cp)
			continue
		}
		kept[cp.SourcePaths[0]] = cp.DestPath
		if strings.HasSuffix(cp.SourcePaths[0], "/") && cp.Chown != im.user {
			t.Errorf("%s: the folders of %s belong to %q; want %s, who is to write to them", file, cp.SourcePaths[0], cp.Chown, im.user)
		}
	}
	// The image of Go has the first two, Debian's path and Go's own.
	want := map[string]string{
		"/etc/ssl/certs/ca-certificates.crt": "/etc/ssl/certs/", "/usr/local/go/lib/time/zoneinfo.zip": im.runEnv["ZONEINFO"],
		"/src/bin/" + im.name: "/" + im.name,
	}
	for src, dst := range want {
		if kept[src] != dst || dst == "" {
			t.Errorf("%s: %s is kept as %q, want %q", file, src, kept[src], dst)
		}
		delete(kept, src)
	}
	for src := range kept {
		if !slices.ContainsFunc(im.build.Commands, func(c instructions.Command) bool {
			run, ok := c.(*instructions.RunCommand)
			return ok && strings.Contains(strings.Join(run.CmdLine, " "), "install -d -m 0700 "+src)
		}) {
			t.Errorf("%s: keeps %s, which nothing has made", file, src)
		}
	}
}

// workspaceGo is the version of go.work.
func workspaceGo(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "work", "edit", "-json", filepath.Join(root, "go.work")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var work struct{ Go string }
	if err := json.Unmarshal(out, &work); err != nil {
		t.Fatal(err)
	}
	return work.Go
}

// buildContext is what a build sees of the repository: what .dockerignore leaves.
type buildContext struct {
	ignored *patternmatcher.PatternMatcher
}

func newBuildContext(t *testing.T) buildContext {
	t.Helper()
	f, err := os.Open(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	patterns, err := ignorefile.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return buildContext{m}
}

// files are all below a path, or the path itself, that are not ignored; by their place below the root.
func (b buildContext) files(t *testing.T, below string) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(os.DirFS(root), path.Clean(below), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		ignored, err := b.ignored.MatchesOrParentMatches(name)
		if err == nil && !ignored {
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestBuildContext: nothing that isn't built goes to the builder, and so into an image.
func TestBuildContext(t *testing.T) {
	b := newBuildContext(t)
	for _, there := range []string{"README.md", "docs", ".ci", "go.work", "deploy", "docker-compose.yml", "tools", "services/ingress/Dockerfile"} {
		if files := b.files(t, there); len(files) > 0 {
			t.Errorf("%s goes along: %v", there, files)
		}
	}
	for _, never := range []string{".git/config", ".cache/tools/buf", "frontdesk-data/call-token.key", ".env", "key.pem", "pkg/events/testdata/x", "pkg/events/id_test.go"} {
		if ignored, err := b.ignored.MatchesOrParentMatches(never); err != nil || !ignored {
			t.Errorf("%s goes along (%v)", never, err)
		}
	}
	if files := b.files(t, "pkg/tenant"); !slices.Contains(files, "pkg/tenant/go.mod") || !slices.Contains(files, "pkg/tenant/tenant.go") {
		t.Errorf("of pkg/tenant only %v goes along", files)
	}
}
