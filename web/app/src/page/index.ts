// Keeps what stands around the inbox on Parley's own page in step with it: the badge in
// the navigation, the breadcrumb, and which pane a phone shows. The inbox works without.

interface Place {
  conversation?: number | null;
  title?: string;
}

const byId = (id: string) => document.getElementById(id);

document.addEventListener("parley:unread", (e) => {
  const badge = byId("badge");
  const count = Number((e as CustomEvent<{ count?: number }>).detail?.count);
  if (!badge || !Number.isInteger(count) || count < 0) return;
  badge.textContent = count > 99 ? "99+" : String(count);
  badge.hidden = count === 0;
});

document.addEventListener("parley:navigate", (e) => {
  const { title } = (e as CustomEvent<Place>).detail ?? {};
  const inbox = byId("crumb-inbox");
  const crumb = byId("crumb");
  if (title === undefined || !inbox || !crumb?.parentElement) return;
  crumb.textContent = title;
  crumb.parentElement.hidden = !title;
  inbox.toggleAttribute("aria-current", false);
  crumb.toggleAttribute("aria-current", false);
  (title ? crumb : inbox).setAttribute("aria-current", "page");
  document.body.classList.toggle("has-pane", Boolean(title));
  document.body.classList.toggle("no-pane", !title);
});

export {};
