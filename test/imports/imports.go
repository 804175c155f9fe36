package imports

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

const module = "rouse/"

// Violations returns every import below the root of source that breaks a rule,
// and every use of the clock or of chance in a pure package, with its place and the rule.
// Tests may import what they like, but for the CDK.
func Violations(source fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(source, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (strings.HasPrefix(base, ".") || slices.Contains([]string{"node_modules", "testdata", "dist", "cdk.out"}, base)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		broken, err := checkFile(source, name)
		found = append(found, broken...)
		return err
	})
	return found, err
}

func checkFile(source fs.FS, name string) ([]string, error) {
	text, err := fs.ReadFile(source, name)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []string
	report := func(at ast.Node, format string, args ...any) {
		found = append(found, fmt.Sprintf("%v: %s", files.Position(at.Pos()), fmt.Sprintf(format, args...)))
	}
	folder := path.Dir(name)
	r, known := ruleFor(folder)
	if !known {
		report(file, "no rule names the package %s: give it one in test/imports/rules.go", folder)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		switch {
		case under(imported, cdk) && !strings.HasPrefix(folder+"/", "infra/"):
			report(spec, "%s imports the CDK (%s); only infra may", folder, imported)
		case known && !strings.HasSuffix(name, "_test.go"):
			if why := r.forbids(folder, imported); why != "" {
				report(spec, "%s may not import %s: %s", folder, imported, why)
			}
		}
	}
	if r.pure && !strings.HasSuffix(name, "_test.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok {
					switch {
					case x.Name == "time" && slices.Contains(now, s.Sel.Name):
						report(s, "%s is pure and may not use time.%s: time is an argument", folder, s.Sel.Name)
					case x.Name == "rand" && !slices.Contains(seeded, s.Sel.Name):
						report(s, "%s is pure and may not use rand.%s: chance comes from a seed", folder, s.Sel.Name)
					}
				}
			}
			return true
		})
	}
	return found, nil
}

func ruleFor(folder string) (rule, bool) {
	for _, r := range rules {
		if matches(folder, r.folders) {
			return r, true
		}
	}
	return rule{}, false
}

// forbids says why an import breaks the rule, "" if it does not.
func (r rule) forbids(folder, imported string) string {
	if ours, ok := strings.CutPrefix(imported, module); ok {
		if !matches(ours, r.ours) {
			return "it may import of ours only " + list(r.ours)
		}
		return ""
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		if !under(imported, r.outside) {
			return "it may import from outside only " + list(r.outside)
		}
		return ""
	}
	if r.pure {
		for _, p := range impure {
			if imported == p || strings.HasPrefix(imported, p+"/") {
				return "it is pure: no input and no output"
			}
		}
	}
	return ""
}

// matches reports whether one of the patterns names the folder.
func matches(folder string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		above, all := strings.CutSuffix(p, "/...")
		return folder == above || all && strings.HasPrefix(folder, above+"/")
	})
}

// under reports whether one of the prefixes is the import's path or a part of
// it that ends at a slash.
func under(imported string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool {
		p = strings.TrimSuffix(p, "/")
		return imported == p || strings.HasPrefix(imported, p+"/")
	})
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
