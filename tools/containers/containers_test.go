// Package containers reads Parley's Dockerfile and compose.yaml with the parsers of
// Docker itself, and builds the image's stages by hand: no engine is needed.
package containers

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	f, err := os.Open(filepath.Join(root(t), "deploy/Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ast, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range ast.Warnings {
		t.Error(w.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		t.Errorf("%s: %s", rule, message)
	}})
	s, _, err := instructions.Parse(ast.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheImageHoldsOneStaticProgramThatRunsAsNobodyWithAHealthcheck(t *testing.T) {
	all := stages(t)
	if len(all) != 2 || all[0].Name != "build" || all[1].BaseName != "scratch" {
		t.Fatalf("stages: %+v", all)
	}
	var user, entry, health, from string
	for _, c := range all[1].Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.EntrypointCommand:
			entry = strings.Join(c.CmdLine, " ")
		case *instructions.HealthCheckCommand:
			health = strings.Join(c.Health.Test, " ")
		case *instructions.CopyCommand:
			from = c.From
		}
	}
	if user != "65532:65532" || entry != "/parley" || health != "CMD /parley health" || from != "build" {
		t.Errorf("user %q, entrypoint %q, healthcheck %q, copied from %q", user, entry, health, from)
	}
	build := ""
	for _, c := range all[0].Commands {
		if r, ok := c.(*instructions.RunCommand); ok {
			build += strings.Join(r.CmdLine, " ") + "\n"
		}
	}
	if !strings.Contains(build, "CGO_ENABLED=0 go build") {
		t.Errorf("the build stage: %s", build)
	}
}

func TestComposeJoinsDatabaseWordPressParleyAndNginx(t *testing.T) {
	deploy := filepath.Join(root(t), "deploy")
	project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  deploy,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(deploy, "compose.yaml")}},
		Environment: types.Mapping{"DB_PASSWORD": "a", "DB_ROOT_PASSWORD": "b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"db", "wordpress", "parley", "nginx"} {
		if _, err := project.GetService(name); err != nil {
			t.Error(err)
		}
	}
	parley := project.Services["parley"]
	if parley.Build == nil || len(parley.Ports) != 0 || !parley.ReadOnly {
		t.Errorf("parley is built here, read-only and reached through nginx only: %+v", parley)
	}
	for name, value := range project.Services["wordpress"].Environment {
		if got := parley.Environment[name]; got == nil || *got != *value {
			t.Errorf("parley reads wp-config.php, which wants %s as WordPress has it", name)
		}
	}
	for name, s := range project.Services {
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind {
				if _, err := os.Stat(v.Source); err != nil {
					t.Errorf("%s mounts what is not there: %v", name, err)
				}
			}
		}
		for dependency := range s.DependsOn {
			if _, ok := project.Services[dependency]; !ok {
				t.Errorf("%s waits for %s, which is not there", name, dependency)
			}
		}
	}
}

// What nginx's command writes, with BUDDYPRESS of .env set or not, is the snippets with
// Parley's name in them.
func TestComposeIncludesTheBuddyPressSnippetOnDemand(t *testing.T) {
	deploy := filepath.Join(root(t), "deploy")
	snippet := func(names ...string) (text string) {
		for _, name := range names {
			b, err := os.ReadFile(filepath.Join(deploy, "nginx", name))
			if err != nil {
				t.Fatal(err)
			}
			text += string(b)
		}
		return strings.ReplaceAll(text, "127.0.0.1:8070", "parley:8070")
	}
	for value, want := range map[string]string{"": snippet("parley.conf"), "on": snippet("parley.conf", "parley-buddypress.conf")} {
		project, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
			WorkingDir:  deploy,
			ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(deploy, "compose.yaml")}},
			Environment: types.Mapping{"DB_PASSWORD": "a", "DB_ROOT_PASSWORD": "b", "BUDDYPRESS": value},
		})
		if err != nil {
			t.Fatal(err)
		}
		nginx := project.Services["nginx"]
		if len(nginx.Command) != 3 || nginx.Command[0] != "sh" || nginx.Command[1] != "-c" || nginx.Environment["BUDDYPRESS"] == nil {
			t.Fatalf("command %q, environment %v", nginx.Command, nginx.Environment)
		}
		etc := t.TempDir()
		// Docker's own step: $$ in the file is a dollar for the shell.
		script := strings.NewReplacer("/parley &&", filepath.Join(deploy, "nginx")+" &&", "/etc/nginx", etc, "exec nginx -g 'daemon off;'", "exec true").
			Replace(nginx.Command[2])
		cmd := exec.Command("sh", "-c", script)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "BUDDYPRESS=" + *nginx.Environment["BUDDYPRESS"]}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s\n%s", err, script, out)
		}
		if got, err := os.ReadFile(filepath.Join(etc, "parley.conf")); err != nil || string(got) != want {
			t.Errorf("BUDDYPRESS=%q: %v\n%s", value, err, got)
		}
	}
}

func TestComposeWantsPasswordsToBeSet(t *testing.T) {
	deploy := filepath.Join(root(t), "deploy")
	_, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir:  deploy,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(deploy, "compose.yaml")}},
	})
	if err == nil || !strings.Contains(err.Error(), "DB_") {
		t.Errorf("without passwords: %v", err)
	}
}

func TestTheStagesBuildByHand(t *testing.T) {
	out := t.TempDir()
	// The folder above it must let nobody through, too.
	for dir := out; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(root(t), "deploy/build_by_hand.sh"), out)
	cmd.Env = append(os.Environ(), "VERSION=v1.2.3-test")
	b, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(b), "v1.2.3-test") {
		t.Fatalf("%v\n%s", err, b)
	}
	if info, err := os.Stat(filepath.Join(out, "parley")); err != nil || info.Size() > 60<<20 {
		t.Errorf("the program: %v, %v", info, err)
	}
}
