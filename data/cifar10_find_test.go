package data_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/data"
)

func TestFindCIFAR10(t *testing.T) {
	files := map[string][]byte{"test_batch.bin": nil}
	archive := map[string][]byte{"cifar-10-binary.tar.gz": nil}
	tests := []struct {
		name      string
		variable  string // of FASTRESNET_DATA, below the root; unset if empty
		folder    string // where files go, below the root
		files     map[string][]byte
		want      string   // below the root
		wantError []string // below the root too
	}{
		{"variable: the folder", "d", "d", files, "d", nil},
		{"variable: the folder above", "d", "d/" + folderName, files, "d/" + folderName, nil},
		{"variable: the archive", "d/cifar-10-binary.tar.gz", "d", archive, "d/cifar-10-binary.tar.gz", nil},
		{"variable: the folder above the archive", "d", "d", archive, "d/cifar-10-binary.tar.gz", nil},
		{"variable: no such path", "d", "cache/fastresnet", files, "", []string{"FASTRESNET_DATA", "d"}},
		{"variable: an empty folder", "d", "d", nil, "", []string{"FASTRESNET_DATA", "d"}},
		{"cache: the folder", "", "cache/fastresnet", files, "cache/fastresnet", nil},
		{"cache: the folder above", "", "cache/fastresnet/" + folderName, files, "cache/fastresnet/" + folderName, nil},
		{"cache: the archive", "", "cache/fastresnet", archive, "cache/fastresnet/cifar-10-binary.tar.gz", nil},
		{"nowhere", "", "elsewhere", files, "", []string{
			"https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "cache/fastresnet", "FASTRESNET_DATA",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			setCache(t, filepath.Join(root, "cache"))
			t.Setenv("FASTRESNET_DATA", "")
			if test.variable != "" {
				t.Setenv("FASTRESNET_DATA", filepath.Join(root, test.variable))
			}
			writeFolder(t, filepath.Join(root, test.folder), test.files)

			got, err := data.FindCIFAR10()
			if test.wantError != nil {
				checkError(t, err, data.ErrNotFound, test.wantError...)
				_, _, err = data.CIFAR10("")
				checkError(t, err, data.ErrNotFound, test.wantError...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(root, test.want); got != want {
				t.Errorf("FindCIFAR10() = %q, want %q", got, want)
			}
		})
	}
}

// setCache makes folder the one that os.UserCacheDir returns, where the system lets it.
func setCache(t *testing.T, folder string) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", folder)
	t.Setenv("LocalAppData", folder)
	if got, err := os.UserCacheDir(); err != nil || got != folder {
		t.Skipf("the cache folder cannot be set on this system (it is %q, %v)", got, err)
	}
}

func TestCIFAR10NoSuchPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nothing")
	_, _, err := data.CIFAR10(path)
	checkError(t, err, data.ErrNotFound, path)
}

// Of the version for MATLAB the message says what to get.
func TestCIFAR10ForMATLAB(t *testing.T) {
	files := map[string][]byte{"data_batch_1.mat": []byte("x"), "test_batch.mat": []byte("x"), "batches.meta.mat": []byte("x")}
	for name, build := range map[string]func(t *testing.T, root string) (path string){
		"the folder": func(t *testing.T, root string) string {
			writeFolder(t, root, files)
			return root
		},
		"the folder above": func(t *testing.T, root string) string {
			writeFolder(t, filepath.Join(root, "cifar-10-batches-mat"), files)
			return root
		},
		"the archive": func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"cifar-10-matlab.tar.gz": tarGz(t, "cifar-10-batches-mat/", files)})
			return filepath.Join(root, "cifar-10-matlab.tar.gz")
		},
		"the folder above the archive": func(t *testing.T, root string) string {
			writeFolder(t, root, map[string][]byte{"cifar-10-matlab.tar.gz": nil})
			return root
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := data.CIFAR10(build(t, t.TempDir()))
			checkError(t, err, data.ErrNotFound, "MATLAB", "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz")
			if strings.Contains(err.Error(), "missing") {
				t.Errorf("%v", err)
			}
		})
	}
}
