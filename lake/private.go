package lake

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What a lake in a folder writes is its user's alone: kept bytes have every name and address that partners sent. Folders and files that were there
// before keep the modes that somebody gave them.
const (
	privateFolder = 0o700
	privateFile   = 0o600
)

// ofOthers are the modes by which anybody else reads or writes.
const ofOthers = 0o077

// makeFolder makes the folder of a key where a library would make it for everybody to read; a bucket has none.
func (o objects) makeFolder(key string) error {
	if !o.local() {
		return nil
	}
	return os.MkdirAll(o.file(key), privateFolder)
}

// seal takes files that a library wrote below a key from everybody else. Their folder is closed already, so that one that cannot be sealed (another process
// has removed it, or it is another user's) is no reason to say of a commit that it failed.
func (o objects) seal(key string) {
	if !o.local() {
		return
	}
	_ = filepath.WalkDir(o.file(key), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // see above
		}
		if info, err := entry.Info(); err == nil && info.Mode().Perm()&ofOthers != 0 {
			_ = os.Chmod(name, privateFile)
		}
		return nil
	})
}

// makePrivate makes a database's file before the database would, which gives the files beside it the same mode.
func makePrivate(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), privateFolder); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, privateFile)
	if err != nil {
		return fmt.Errorf("make the catalog's file: %w", err)
	}
	return f.Close()
}
