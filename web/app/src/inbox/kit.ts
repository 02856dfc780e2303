import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar";
import { highlight, wordsOf } from "../shared/highlight";
import { Icon } from "../shared/icons";
import { grow, Left, lengthOf, sends } from "./composer";
import { Skeleton } from "./list";
import { newClientId } from "./storage";
import { Back } from "./threadpane";

// What later.tsx imports from the modules of the inbox: there is one Preact in the page.
Object.assign(globalThis, {
  [Symbol.for("parley-inbox")]: {
    Fragment, jsx, jsxs, useEffect, useLayoutEffect, useMemo, useRef, useState,
    Avatar, highlight, wordsOf, Icon, grow, Left, lengthOf, sends, Skeleton, newClientId, Back,
  },
});
