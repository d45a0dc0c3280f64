// pulumi-python-codegen LANGUAGE DIR < schema.json
//
// Writes the SDK of a Pulumi package into DIR: what `pulumi package add` and `pulumi package gen-sdk` ask a language
// host for. A thin program over the public generators of the engine's own module, so that the sandbox's language hosts,
// which are written in Python, need no generator of their own. LANGUAGE is python, nodejs or go.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi-python-codegen"

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: %s LANGUAGE DIR < schema.json", tool))
	}
	pkg, err := bind(os.Stdin)
	if err != nil {
		fail(err)
	}
	files, err := generate(os.Args[1], pkg)
	if err != nil {
		fail(err)
	}
	if err := write(os.Args[2], files); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// bind reads a package schema. References to other packages stay names: their schemas are not here.
func bind(source io.Reader) (*schema.Package, error) {
	var spec schema.PackageSpec
	if err := json.NewDecoder(source).Decode(&spec); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	options := schema.ValidationOptions{AllowDanglingReferences: true}
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewCachedLoader(nil), options)
	if err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", spec.Name, err)
	}
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("the schema of %s: %w", spec.Name, diagnostics)
	}
	return pkg, nil
}

// generate returns the SDK's files, by path below its root.
func generate(language string, pkg *schema.Package) (map[string][]byte, error) {
	switch language {
	case "python":
		return python.GeneratePackage(tool, pkg, nil, nil)
	case "nodejs":
		return nodejs.GeneratePackage(tool, pkg, nil, nil, true, nil)
	case "go":
		return gogen.GeneratePackage(tool, pkg, nil)
	}
	return nil, fmt.Errorf("no generator for %q: use python, nodejs or go", language)
}

func write(root string, files map[string][]byte) error {
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
