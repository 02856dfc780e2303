// Keeps what stands around the inbox on Parley's own page in step with it: the badge in
// the navigation, the breadcrumb, and which pane a phone shows. The inbox works without.

interface Place {
  conversation?: number | null;
  title?: string;
}

// On a phone the row of places is wider than the screen.
document.querySelector(".places [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });

const byId = (id: string) => document.getElementById(id);

document.addEventListener("parley:unread", (e) => {
  const badge = byId("badge");
  const count = Number((e as CustomEvent<{ count?: number }>).detail?.count);
  if (!badge || !Number.isInteger(count) || count < 0) return;
  badge.textContent = count > 99 ? "99+" : String(count);
  badge.hidden = count === 0;
});

document.addEventListener("parley:navigate", (e) => {
  const { conversation, title } = (e as CustomEvent<Place>).detail ?? {};
  const inbox = byId("crumb-inbox");
  const crumb = byId("crumb");
  if (title === undefined || !inbox || !crumb?.parentElement) return;
  const pane = Boolean(title || conversation);
  document.body.classList.toggle("has-pane", pane);
  document.body.classList.toggle("no-pane", !pane);
  if (pane && !title) return; // it is told as soon as it is known
  crumb.textContent = title;
  crumb.parentElement.hidden = !title;
  inbox.toggleAttribute("aria-current", false);
  crumb.toggleAttribute("aria-current", false);
  (title ? crumb : inbox).setAttribute("aria-current", "page");
});

export {};
