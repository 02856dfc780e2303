package e2e

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"parley/internal/wpsite"
)

// longThread gives a group thousands of messages at once.
func longThread(t *testing.T, id int64, n int) {
	t.Helper()
	out, err := site.PHP(t.Context(), fmt.Sprintf(`$p = $wpdb->prefix . 'parley_'; $c = %d; $n = %d;
		$who = $wpdb->get_col( "SELECT user_id FROM {$p}participants WHERE conversation_id = $c ORDER BY user_id" );
		$wpdb->query( "INSERT INTO {$p}messages (conversation_id, seq, sender_id, content, created_at)
			SELECT $c, 1 + seq, IF( seq %% 3, $who[0], $who[1] ), CONCAT( 'Message ', seq, REPEAT( ' and some more words', seq * 7 %% 13 ) ),
			UTC_TIMESTAMP(6) - INTERVAL ($n - seq) * 7 MINUTE FROM seq_1_to_$n" );
		$wpdb->query( "UPDATE {$p}conversations SET last_seq = last_seq + $n, message_count = message_count + $n, last_message_at = UTC_TIMESTAMP(6), last_message_preview = 'The end' WHERE id = $c" );
		$wpdb->query( "UPDATE {$p}participants SET last_read_seq = last_read_seq + $n WHERE conversation_id = $c" );
		echo $wpdb->last_error;`, id, n))
	if err != nil || out != "" {
		t.Fatal(out, err)
	}
}

// The long thread: loaded in pages without a jump, with few elements in the page, and
// smooth to scroll.
func TestInboxFiveThousandMessages(t *testing.T) {
	total := 5000
	if front() != wpsite.Nginx {
		total = 500 // scrolling is between the browser and the script; every front serves its pages
	}
	id := group(t, logIn(t, "greta"), "A long story", "It begins", "bob")
	longThread(t, id, total)
	b := newBrowser(t)
	seeInbox(b, "greta", fmt.Sprintf("%d/", id))
	b.Until(`$$(".bubble").at(-1)?.innerText.startsWith("Message ` + strconv.Itoa(total) + `")`)

	// Scrolled up, a page comes in above; what is being read stays where it is.
	moved := b.Run(`const s = $(".scroller"), frame = () => new Promise(requestAnimationFrame);
		const height = s.scrollHeight; // the page may be there within a frame
		s.scrollTop = 900; await frame(); await frame();
		const seen = $$(".line").find(l => l.getBoundingClientRect().top > s.getBoundingClientRect().top);
		const key = seen.dataset.key, before = seen.getBoundingClientRect().top;
		for (const end = performance.now() + 30000; performance.now() < end && s.scrollHeight < height + 2000;) await frame();
		await frame(); await frame();
		const after = $$(".line").find(l => l.dataset.key === key)?.getBoundingClientRect().top;
		return [s.scrollHeight > height + 2000, after - before].join(" ")`)
	t.Logf("older messages came in, and what was read moved by px: %s", moved)
	var by float64
	if f := strings.Fields(moved); len(f) == 2 && f[0] == "true" {
		by, _ = strconv.ParseFloat(f[1], 64)
	} else {
		t.Fatalf("no older messages came in: %s", moved)
	}
	if by < -1 || by > 1 {
		t.Errorf("what was being read moved by %v px", by)
	}

	// All the way up, as fast as pages come, and down again.
	b.Run(`window.seen = {most: 0, long: 0, worst: 0, times: []};
		new PerformanceObserver(l => { for (const e of l.getEntries()) { seen.long++; seen.worst = Math.max(seen.worst, e.duration) } }).observe({type: "longtask"});
		window.scrollBy = async (px, frames) => {
			let last = await new Promise(requestAnimationFrame);
			for (let i = 0; i < frames; i++) {
				$(".scroller").scrollTop += px;
				const now = await new Promise(requestAnimationFrame);
				seen.times.push(now - last);
				last = now;
				if (i % 10 === 0) seen.most = Math.max(seen.most, root.querySelectorAll("*").length);
			}
		}`)
	eventually(t, 3*time.Minute, func() error {
		if b.Run(`await scrollBy(-2000, 60); return $(".older") ? "" : $$(".bubble")[0].innerText`) != "It begins" {
			return errors.New("the beginning is not reached")
		}
		return nil
	})
	b.Run(`await scrollBy(600, 300)`)
	report := b.Run(`const times = seen.times.sort((a, b) => a - b);
		return JSON.stringify({most: seen.most, long: seen.long, worst: Math.round(seen.worst), median: Math.round(times[times.length >> 1]), p95: Math.round(times[Math.floor(times.length * .95)]), frames: times.length})`)
	t.Logf("scrolling through %d messages: %s", total, report)
	most, _, _ := strings.Cut(report[strings.Index(report, `"most":`)+len(`"most":`):], ",")
	if n, err := strconv.Atoi(most); err != nil || n > 2000 {
		t.Errorf("%s elements in the inbox, want few", most)
	}
}

// What a visit costs: bytes, and the time until the inbox can be used on a slow machine.
func TestInboxIsLightAndSoonReady(t *testing.T) {
	b := newBrowser(t)
	seeInbox(b, "erin", "")
	throttle := emulation.SetCPUThrottlingRateParams{Rate: 4}
	if _, err := chromedp.Call(b.Ctx, emulation.SetCPUThrottlingRate, throttle); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.Ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
		t.Fatal(err)
	}
	best := 1e9
	for range 3 {
		b.Open(inbox)
		b.Until(`performance.getEntriesByName("parley:ready").length`)
		ready, err := strconv.ParseFloat(b.Run(`return performance.getEntriesByName("parley:ready")[0].startTime`), 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("ready %.0f ms after the visit began, the processor four times slower", ready)
		best = min(best, ready)
	}
	// The aim is a second; a machine that runs everything else at the same time gets more.
	if best > 3000 {
		t.Errorf("ready after %.0f ms at best", best)
	}
	sizes := b.Run(`return performance.getEntriesByType("resource").filter(r => /\.(js|css)$/.test(r.name)).map(r => r.name.split("/").pop() + " " + r.encodedBodySize).join(", ")`)
	t.Logf("scripts and styles: %s", sizes)
	sum := 0
	for _, s := range strings.Split(sizes, ", ") {
		_, size, _ := strings.Cut(s, " ")
		n, _ := strconv.Atoi(size)
		sum += n
	}
	if sum == 0 || sum > 40<<10 {
		t.Errorf("%d bytes of script and style, want at most 40 KB", sum)
	}
}

// Polling: nothing new is a 304, and a hidden page asks for nothing.
func TestInboxPollsConditionally(t *testing.T) {
	b := newBrowser(t)
	seeInbox(b, "mona", "")
	// Without the stream, which makes looks rare: what it has is taken away, and what it asks for refused.
	b.Run(`window.asked = []; const real = fetch, live = /\/parley\/v1\/(stream|sync)/;
		window.WebSocket = function () { throw new Error("none") };
		window.fetch = async (u, o) => { if (live.test(u)) return new Response("", {status: 404}); const r = await real(u, o); asked.push(r.status + " " + new URL(u, location).pathname); return r };
		const e = document.querySelector("parley-inbox"), again = e.cloneNode(); again.setAttribute("nonce", e.nonce); e.replaceWith(again)`)
	b.Until(`document.querySelector("parley-inbox").dataset.rung === "off"`)
	b.Until(`asked.filter(a => a === "304 ` + wpsite.Conversations + `").length >= 2`)
	b.Run(`Object.defineProperty(document, "hidden", {value: true, configurable: true}); document.dispatchEvent(new Event("visibilitychange")); await new Promise(done => setTimeout(done, 300)); asked.length = 0`)
	b.Run(`await new Promise(done => setTimeout(done, 2500))`)
	if n := b.Run(`return asked.length`); n != "0" {
		t.Errorf("a hidden page asked %s times", n)
	}
	b.Run(`delete document.hidden; document.dispatchEvent(new Event("visibilitychange"))`)
	b.Until(`asked.length > 0`)
}
