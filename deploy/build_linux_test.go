package deploy

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// most is how large a binary, and with it its image, may get, in MB: what it has today and a fifth more.
var most = map[string]int64{"ingress": 37, "stt": 34, "inference": 51, "crm-writer": 49, "frontdesk": 81}

// builds are the images' binaries, each made once for all tests.
var builds struct {
	sync.Mutex
	dir  string
	done map[string]string
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "frontdesk-images-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	builds.dir, builds.done = dir, map[string]string{}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// built is the binary that a Dockerfile's build line makes of nothing but what it has copied; its root is a folder of its own.
func built(t *testing.T, file string) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	if bin := builds.done[file]; bin != "" {
		return bin
	}
	im, from := readImage(t, file), newBuildContext(t)
	fsRoot, workdir := filepath.Join(builds.dir, im.name), "/"
	for _, c := range im.build.Commands {
		switch c := c.(type) {
		case *instructions.WorkdirCommand:
			workdir = path.Join("/", c.Path)
		case *instructions.CopyCommand:
			for _, src := range c.SourcePaths {
				from.copy(t, src, filepath.Join(fsRoot, absolute(workdir, c.DestPath))+trailing(c.DestPath))
			}
		case *instructions.RunCommand:
			switch line := strings.Join(c.CmdLine, " "); {
			case isBuild(c):
				sh(t, im, filepath.Join(fsRoot, workdir), line)
			case strings.HasPrefix(strings.TrimSpace(line), "go mod download"):
				// Fetching needs the go.mod of every module that stands beside this one.
				checkReplaced(t, filepath.Join(fsRoot, workdir), line)
			}
		}
	}
	bin := filepath.Join(fsRoot, "src", "bin", im.name) // the path that is kept; see checkKept
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	builds.done[file] = bin
	return bin
}

// absolute is a path in an image, seen from its work folder.
func absolute(workdir, p string) string {
	if path.IsAbs(p) {
		return p
	}
	return path.Join(workdir, p)
}

func trailing(p string) string {
	if strings.HasSuffix(p, "/") {
		return "/"
	}
	return ""
}

// copy does what COPY does: a folder's content goes into dst, a file below it if it ends in a slash.
func (b buildContext) copy(t *testing.T, src, dst string) {
	t.Helper()
	files := b.files(t, src)
	if len(files) == 0 {
		t.Fatalf("COPY %s: .dockerignore leaves nothing of it", src)
	}
	for _, name := range files {
		to := dst
		if below, err := filepath.Rel(path.Clean(src), name); err != nil {
			t.Fatal(err)
		} else if below != "." {
			to = filepath.Join(dst, below)
		} else if strings.HasSuffix(dst, "/") {
			to = filepath.Join(dst, path.Base(name))
		}
		if err := copyFile(filepath.Join(root, name), to); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// sh runs a line as the builder does, with this machine's Go and its caches.
func sh(t *testing.T, im image, dir, line string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PWD="+dir)
	for k, v := range im.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// checkReplaced tells which modules beside the one that is fetched for are not there.
func checkReplaced(t *testing.T, dir, line string) {
	t.Helper()
	words := strings.Fields(line)
	i := slices.Index(words, "-C")
	if i < 0 || i+1 >= len(words) {
		t.Fatalf("%s: want -C and the module", line)
	}
	dir = filepath.Join(dir, words[i+1])
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", filepath.Join(dir, "go.mod")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Replace []struct{ New struct{ Path string } }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Replace {
		if _, err := os.Stat(filepath.Join(dir, r.New.Path, "go.mod")); err != nil {
			t.Errorf("%s: would not find %s", line, r.New.Path)
		}
	}
}

// TestImagesAreBuilt: by the Dockerfiles' lines as they stand, of what the Dockerfiles copy.
func TestImagesAreBuilt(t *testing.T) {
	for _, file := range dockerfiles(t) {
		im := readImage(t, file)
		bin := built(t, file)
		f, err := elf.Open(bin)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
			t.Errorf("%s: wants a loader, which is not there", im.name)
		}
		if libs, err := f.ImportedLibraries(); err != nil || len(libs) > 0 {
			t.Errorf("%s: wants %v (%v)", im.name, libs, err)
		}
		info, err := os.Stat(bin)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d MB", im.name, info.Size()>>20)
		if info.Size()>>20 > most[im.name] {
			t.Errorf("%s: %d MB, over %d", im.name, info.Size()>>20, most[im.name])
		}
		help := "-help"
		if im.name == "frontdesk" {
			help = "--version"
		}
		cmd := exec.CommandContext(t.Context(), bin, help)
		cmd.Env = []string{} // as in a container of nothing else
		if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
			t.Errorf("%s %s: %v\n%s", im.name, help, err, out)
		}
	}
}
