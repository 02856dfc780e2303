package phptext_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"parley/config/phptext"
)

// read reads a text as if it were /site/wp-config.php, beside other files.
func read(t testing.TB, text string, files map[string]string) *phptext.Result {
	t.Helper()
	res, err := phptext.Read("/site/wp-config.php", phptext.Source{
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{"SET": "value", "EMPTY": "", "SECRET_FILE": "/run/secret"}[name]
			return v, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			if path == "/site/wp-config.php" {
				return []byte(text), nil
			}
			if f, ok := files[path]; ok {
				return []byte(f), nil
			}
			if path == "/locked" {
				return nil, errors.New("permission denied")
			}
			return nil, os.ErrNotExist
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestConstantX(t *testing.T) {
	const unreadable = "\x00"
	for _, tt := range []struct{ code, want string }{
		{`define('X', 'a');`, "a"},
		{`DEFINE("X", 'a', true);`, "a"},
		{`\define('X', 'a');`, "a"},
		{`const X = 'a', Y = 'b';`, "a"},
		{`define('X', 'a' . "b" . 3 . true . null);`, "ab31"},
		{`define('X', 'it\'s \\ \n "q"');`, `it's \ \n "q"`},
		{`define('X', "\x41\101\u{1F600}\$\q\"");`, "AA😀$\\q\""},
		{`define('X', "$ 5 {x} $");`, "$ 5 {x} $"},
		{`define('X', "a $b");`, unreadable},
		{`define('X', "a ${b}");`, unreadable},
		{"define('X', `ls`);", unreadable},
		{"define('X', <<<'E'\nabc\nE\n);", unreadable},
		{`define('X', 'a'); define('X', 'b');`, "a"},
		{`/* define('X','c'); */ # define('X','c');` + "\n// ?" + "\ndefine('X','a');", "a"},
		{`// ends ?><?php define('X', 'a');`, "a"},
		{`?>define('X','html')<?php define('X', 'a');`, "a"},
		{`define('X', 0x1F);`, "31"},
		{`define('X', 017);`, "15"},
		{`define('X', 1_000);`, "1000"},
		{`define('X', -5);`, "-5"},
		{`define('X', 1.5);`, "1.5"},
		{`define('X', false);`, ""},
		{`define('X', !!'yes');`, "1"},
		{`define('X', (bool) '0');`, ""},
		{`define('X', (string) 12);`, "12"},
		{`define('X', (int) '12');`, "12"},
		{`define('X', 60 * 60);`, unreadable},
		{`define('X', getenv('SET'));`, "value"},
		{`define('X', getenv('UNSET') ?: 'a');`, "a"},
		{`define('X', getenv('EMPTY') ?: 'a');`, "a"},
		{`define('X', getenv('SET') ?: 'a');`, "value"},
		{`define('X', $_ENV['UNSET'] ?? 'a');`, "a"},
		{`define('X', $_ENV['SET'] ?? 'a');`, "value"},
		{`define('X', $_SERVER['UNSET'] ?? getenv('SET') ?? 'a');`, "value"},
		{`define('X', isset($_ENV['SET']) ? $_ENV['SET'] : 'a');`, "value"},
		{`define('X', empty($_ENV['UNSET']) ? 'a' : $_ENV['UNSET']);`, "a"},
		{`define('X', getenv('UNSET') !== false ? getenv('UNSET') : 'a');`, "a"},
		{`define('X', $_SERVER['HTTP_HOST'] ?? 'a');`, unreadable},
		{`define('X', getenv_docker('UNSET', 'a'));`, "a"},
		{`define('X', getenv_docker('SECRET', 'a'));`, "hush"},
		{`define('X', trim(file_get_contents('/run/secret')));`, "hush"},
		{`define('X', file_get_contents('/locked'));`, unreadable},
		{`$v = 'a'; $v .= 'b'; define('X', $v);`, "ab"},
		{`$v ??= 'a'; $v ??= 'b'; define('X', $v);`, "a"},
		{`define('X', $v = 'a');`, "a"},
		{`define('Y', 'a'); define('X', Y . constant('Y'));`, "aa"},
		{`define('X', UNDEFINED_ONE);`, unreadable},
		{`define('X', foo('a'));`, unreadable},
		{`define('X', $o->m('a'));`, unreadable},
		{`define('X', A::m());`, unreadable},
		{`define('X', ['a']);`, unreadable},
		{`define('X', md5('a'));`, "0cc175b9c0f1b6a831c399e269772661"},
		{`define('X', dirname(__FILE__) . '|' . __DIR__ . '|' . dirname(__DIR__, 1));`, "/site|/site|/"},
		{`if (!defined('X')) define('X', 'a'); if (!defined('X')) { define('X', 'b'); }`, "a"},
		{`if (defined('Y')) { define('X', 'b'); } else { define('X', 'a'); }`, "a"},
		{`if (defined('Y')): define('X', 'b'); elseif (true): define('X', 'a'); else: define('X', 'c'); endif;`, "a"},
		{`if (false) { if ($u) define('X','b'); } else if ('1' == 1) {} define('X','a');`, "a"},
		{`defined('X') or define('X', 'a');`, "a"},
		{`defined('Y') && define('X', 'b'); define('X', 'a');`, "a"},
		{`if ($_SERVER['HTTP_HOST'] == 'h') { define('X', 'b'); } define('X', 'a');`, unreadable},
		{`switch (PHP_SAPI) { case 'cli': define('X', 'b'); }`, unreadable},
		{`while (true) { define('X', 'b'); }`, unreadable},
		{`function f() { define('X', 'b'); } class C { const X = 'b'; } define('X', 'a');`, "a"},
		{`$f = function() use ($x) { define('X', 'b'); }; $g = fn($a) => define('X', 'b'); define('X', 'a');`, "a"},
		{`some(1) nonsense here define('X', 'b');`, unreadable},
		{`require 'more.php';`, "included"},
		{`require_once(__DIR__ . '/more.php');`, "included"},
		{`if (file_exists(__DIR__ . '/more.php')) { include __DIR__ . '/more.php'; } else { define('X', 'a'); }`, "included"},
		{`if (file_exists(__DIR__ . '/absent.php')) { include __DIR__ . '/absent.php'; } else { define('X', 'a'); }`, "a"},
		{`@include 'absent.php'; define('X', 'a');`, "a"},
		{`require 'loop.php'; define('X', 'a');`, "a"},
		{`eval('define("X", "a");');`, "a"},
		{`require ABSPATH . 'wp-settings.php'; define('X', 'a');`, "a"},
		{`define('ABSPATH', '/site/'); require ABSPATH . 'wp-settings.php'; define('X', 'a');`, ""},
		{`exit; define('X', 'a');`, ""},
		{`return; define('X', 'a');`, ""},
		{`if (defined('Y')) exit; define('X', 'a');`, "a"},
		{`define('X', 'a'`, unreadable},
		{`define('X', 'never closed`, unreadable},
		{`define('X'`, ""},
		{`define(`, ""},
		{`#[Attribute] define('X', 'a');`, "a"},
		{`$_SERVER['HTTPS'] = 'on'; define('X', 'a');`, "a"},
		{`ini_set('display_errors', 0); @ini_set('x', 'y'); define('X', 'a');`, "a"},
		{`foreach (['A' => 1] as $k => $v) { $z[$k] = $v; } define('X', 'a');`, "a"},
		{`try { foo(); } catch (Exception $e) { bar(); } finally { } define('X', 'a');`, "a"},
		{`do { $i++; } while ($i < 3); define('X', 'a');`, "a"},
	} {
		v, ok := read(t, "<?php\n"+tt.code, map[string]string{
			"/site/more.php": "<?php define('X', 'included');",
			"/site/loop.php": "<?php require 'loop.php';",
			"/run/secret":    "hush\n",
		}).Constant("X")
		switch {
		case tt.want == unreadable:
			if !ok || v.Known() && v.Reason == "" {
				t.Errorf("%s\n\tis %q (%v), want unreadable", tt.code, v.Text(), ok)
			}
		case v.Text() != tt.want || tt.want != "" && !v.Known():
			t.Errorf("%s\n\tis %q (%v, %s), want %q", tt.code, v.Text(), ok, v.Reason, tt.want)
		}
	}
}

func TestTablePrefix(t *testing.T) {
	for code, want := range map[string]string{
		`$table_prefix = 'wp_';`:                                   "wp_",
		`$table_prefix = getenv('UNSET') ?: "x_";`:                 "x_",
		`if (!isset($table_prefix)) { $table_prefix = 'd_'; }`:     "d_",
		`$table_prefix = 'a_'; $table_prefix  = 'b_';`:             "b_",
		`$table_prefix = 'a_'; if ($_GET) $table_prefix = 'a_';`:   "a_",
		`$x = 'site'; $table_prefix = $x . '_' . strtolower('B');`: "site_b",
	} {
		if v, _ := read(t, "<?php "+code, nil).Variable("table_prefix"); v.Text() != want {
			t.Errorf("%s: %q (%s)", code, v.Text(), v.Reason)
		}
	}
}

func TestReadingIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses":   "<?php define('X', " + strings.Repeat("(", 100000) + "1",
		"blocks":        "<?php " + strings.Repeat("{", 100000),
		"nots":          "<?php $x = " + strings.Repeat("!", 200000) + "1;",
		"ifs":           "<?php " + strings.Repeat("if (1) ", 100000) + ";",
		"concatenation": "<?php $x = 'aaaaaaaaaaaaaaaa'; " + strings.Repeat("$x = $x . $x; ", 20000),
		"includes":      "<?php " + strings.Repeat("include 'wp-config.php'; ", 50),
		"defines":       "<?php " + strings.Repeat("define(", 100000),
		"ternaries":     "<?php $x = " + strings.Repeat("1 ? 1 : ", 100000) + "1;",
		"coalesce":      "<?php $x = " + strings.Repeat("$y ?? ", 100000) + "1;",
		"quotes":        "<?php " + strings.Repeat("\"", 100001),
		"heredocs":      "<?php " + strings.Repeat("<<<A\n", 100000),
		"evals":         "<?php $x = 'eval($x);'; eval($x);",
	} {
		start := time.Now()
		read(t, text, map[string]string{"/site/wp-config.php": text})
		// Far more than it takes, even with the race detector on a busy machine.
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

// Whatever the file holds: no panic, and one reason for each value that is unknown.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"<?php define('X', getenv('A') ?: \"b\\x41\");",
		"<?php if (!defined('X')): define('X', <<<A\nb\nA\n); else: exit; endif; ?> html <?php eval('const X = 1;');",
		"<?php $x = (string) $_ENV['SET'] ?? __DIR__ . trim(' a ') . -0x1f; function f() {} @include 'a.php';",
		"<?php foreach ($a as $b) { switch (1) { case 2: define('X', [1, 2]); } } A::b()->c['d'] = new E(1);",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		res := read(t, text, map[string]string{"/site/a.php": text, "a.php": text})
		if v, ok := res.Constant("X"); ok && !v.Known() && v.Reason == "" {
			t.Errorf("X is unknown without a reason in %q", text)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%v for %d bytes", d, len(text))
		}
	})
}
