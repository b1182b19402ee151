import { useCompiling } from "../live";

export const COMPILING = "compiling, once for this version; that takes a minute or two …";

/** In the place of an answer that is not here yet: what is waited for. */
export function Reading({ says = "reading …" }: { says?: string }) {
  return (
    <p className="soft" aria-busy="true">
      {useCompiling() ? COMPILING : says}
    </p>
  );
}
