/** Line icons, 24 × 24; the label stands on what holds them. */
const paths = {
  more: "M5 12h.01M12 12h.01M19 12h.01",
  back: "M15 5l-7 7 7 7",
  down: "M12 5v14M6 13l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4",
  pencil: "M4 20l1-4L16.5 4.5l3 3L8 19l-4 1z",
  send: "M4 12l16-8-6 16-3-6-7-2z",
  muted: "M6 9a6 6 0 0 1 10-4.5M18 10c0 5 2 6 2 6H8M10.5 20a2 2 0 0 0 3 0M4 4l16 16",
  archive: "M4 5h16v4H4zM6 9v10h12V9M10 13h4",
  flag: "M6 21V4h11l-2 4 2 4H6",
  offline: "M4 4l16 16M8.5 15.5a5 5 0 0 1 7 0M5 12a10 10 0 0 1 4-2.4M12 20h.01M15 10a10 10 0 0 1 4 2",
  blocked: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.5 6.5l11 11",
} as const;

export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class={`i-${name}`}>
      <path d={paths[name]} />
    </svg>
  );
}
