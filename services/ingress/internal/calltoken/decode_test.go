package calltoken

import "testing"

// FuzzDecode goes behind the signature: whoever holds the key may still write nonsense.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{version})
	f.Add([]byte{version, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{versionFailed})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		if got, err := decode(b); err == nil {
			if again, err := decode(encode(got)); err != nil || again != got {
				t.Errorf("decoded once to %+v, then to %+v, %v", got, again, err)
			}
		}
	})
}
