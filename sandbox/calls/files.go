package calls

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// largest file that is read: two hours of 16-bit sound, and a header. What is larger is no phone call.
const (
	largestSound = 2*60*60*8000*2 + 4096
	largestYAML  = 1 << 18
)

// library is the folder of calls with what was read of it.
type library struct {
	root *os.Root
	// shown is the folder as people named it: messages begin with it, so that names in them can be typed.
	shown string
	// sounds keeps each file that was read, and its error: a long call uses a part many times.
	sounds map[string]sound
	// said keeps what each stretch of sound says, by its hash without the silence around it.
	said map[[sha256.Size]byte]saying
	// clips are those stretches, each once.
	clips []*clip
}

type sound struct {
	mulaw []byte
	err   error
}

// saying is words with the place where they were first written.
type saying struct{ text, where string }

func openLibrary(base, shown string) (*library, error) {
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, fmt.Errorf("reading calls: %w", err)
	}
	return &library{root: root, shown: shown, sounds: map[string]sound{}, said: map[[sha256.Size]byte]saying{}}, nil
}

// files are a library's as one call names them: relative to the call's folder; they may point into a neighbour
// ("../_parts/hello.ulaw"), never out of the folder of calls.
type files struct {
	*library
	dir string
}

func (fs *files) load(file string) ([]byte, error) {
	name := path.Join(fs.dir, file)
	s, ok := fs.sounds[name]
	if !ok {
		var data []byte
		if data, s.err = fs.bytes(file); s.err == nil {
			s.mulaw, s.err = decodeAudio(filepath.ToSlash(filepath.Join(fs.shown, name)), data)
		}
		fs.sounds[name] = s
	}
	return s.mulaw, s.err
}

// bytes of an audio file.
func (fs *files) bytes(file string) ([]byte, error) {
	name := path.Join(fs.dir, file)
	outside := fmt.Errorf("lies outside of %s: copy it into the call's folder, or beside it (../_parts/%s is fine)", fs.shown, path.Base(file))
	if path.IsAbs(file) || filepath.IsAbs(file) || !filepath.IsLocal(name) {
		return nil, outside
	}
	data, err := fs.read(name, largestSound)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fs.missing(file)
	case err != nil && escapes(err):
		return nil, outside
	}
	return data, err
}

// escapes tells whether a link led out of the root; the os package does not name that error.
func escapes(err error) bool { return strings.HasSuffix(err.Error(), "escapes from parent") }

// misnamed is a file that was meant to be call.yaml; empty if there is none.
func (fs *files) misnamed() string {
	entries, err := iofs(fs.root, fs.dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if name := strings.ToLower(e.Name()); name == callFile || path.Ext(name) == ".yml" || path.Ext(name) == ".yaml" {
			return e.Name()
		}
	}
	return ""
}

// missing says what to do about a file that isn't there.
func (fs *files) missing(file string) error {
	dir := path.Dir(path.Join(fs.dir, file))
	there := map[string]string{} // by the name without its ending
	if entries, err := iofs(fs.root, dir); err == nil {
		for _, e := range entries {
			if !e.IsDir() && e.Name() != callFile {
				there[stem(e.Name())] = e.Name()
			}
		}
	}
	if n := Nearest(stem(file), slices.Sorted(maps.Keys(there))); n != "" {
		return fmt.Errorf("isn't there; did you mean %q?", strings.TrimSuffix(file, path.Base(file))+there[n])
	}
	if ext := strings.ToLower(path.Ext(file)); ext == ".ulaw" || ext == ".ul" {
		return fmt.Errorf("isn't there: record it, or have it spoken by go run ./sandbox/calls/say %s", quoted(fs.shown))
	}
	return errors.New("isn't there: record it; or name it .ulaw, give voices and have it spoken by the tool say")
}

// stem is a file's name without its folder and ending.
func stem(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

func iofs(root *os.Root, dir string) ([]fs.DirEntry, error) { return fs.ReadDir(root.FS(), dir) }

// read a file of at most so many bytes.
func (l *library) read(name string, most int64) ([]byte, error) {
	f, err := l.root.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, cause(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("is no file")
	case info.Size() > most:
		return nil, fmt.Errorf("is larger than %d KB: that is no %s", most>>10, kindOfFile(name))
	}
	data, err := io.ReadAll(io.LimitReader(f, most))
	return data, cause(err)
}

func kindOfFile(name string) string {
	if path.Base(name) == callFile {
		return callFile
	}
	return "phone call"
}

// cause is an error without the name of the file, which messages give as the user wrote it.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("can't be read: %w", e.Err)
	}
	return err
}

// says notes what a clip says, unless its sound is known; then it returns what it was first said to be.
func (l *library) says(c *clip) (first saying, known bool) {
	key := sha256.Sum256(c.sound)
	if first, known = l.said[key]; !known {
		l.said[key] = c.saying
		l.clips = append(l.clips, c)
	}
	return first, known
}
