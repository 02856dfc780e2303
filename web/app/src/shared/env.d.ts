declare module "*.css" {
  const text: string;
  export default text;
}

/** Catalogues beside the script, language → file name; set by build.mjs. */
declare const LANGUAGES: Record<string, string>;
