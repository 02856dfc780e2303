// Command pluginzip packs the companion plugin the way WordPress wants to be given
// one: a zip file with one folder in it. The same sources make the same file.
//
//	pluginzip FOLDER FILE.zip
package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pluginzip FOLDER FILE.zip")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pluginzip:", err)
		os.Exit(1)
	}
}

// released stands in for the files' times, which a checkout makes up.
var released = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

func pack(folder, file string) (err error) {
	out, err := os.Create(file + ".part")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err == nil {
			err = os.Rename(file+".part", file)
		}
	}()
	z := zip.NewWriter(out)
	err = fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: path.Join(filepath.Base(folder), name), Method: zip.Deflate, Modified: released})
		if err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	return errors.Join(err, z.Close())
}
