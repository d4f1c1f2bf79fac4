package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeysSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	first, err := loadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadKeys(dir)
	if err != nil || first.token != second.token || first.jwtPEM != second.jwtPEM || len(first.token) < tokenBytes {
		t.Errorf("other keys after a restart: %v", err)
	}
}

// TestAKeyThatIsNoneIsNamed: a file of the data folder that stops the start is named, with what to do.
func TestAKeyThatIsNoneIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ file, text, says string }{
		"an empty token key":     {tokenFile, "", "holds 0 bytes, and a key has at least 32: remove it, a new one is made"},
		"half a token key":       {tokenFile, "0123456789abcdef", "holds 16 bytes"},
		"an empty key":           {jwtFile, "", "holds no PEM: remove it, a new one is made"},
		"a PEM that is not PKCS": {jwtFile, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no key in PKCS 8: remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := loadKeys(dir); err == nil || !strings.Contains(err.Error(), path+" "+c.says) {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

// TestHalfAKeyIsNotKept: what could not be written whole does not take the key's place.
func TestHalfAKeyIsNotKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), tokenFile)
	if err := os.Mkdir(path+".part", 0o700); err != nil { // so that writing fails
		t.Fatal(err)
	}
	if err := write(path, []byte("key")); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("there is a key: %v", err)
	}
}
