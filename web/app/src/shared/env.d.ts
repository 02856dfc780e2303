declare module "*.css" {
  const text: string;
  export default text;
}

/** Catalogues beside the script, language → file name; set by build.mjs. */
declare const LANGUAGES: Record<string, string>;

/** File name of inbox/later.tsx as it is built, beside the script; set by build.mjs. */
declare const LATER: string;
