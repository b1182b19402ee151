import { Reading } from "./Reading";

/** A page that is still being read has its heading already. */
export function Waiting({ title, says }: { title: string; says?: string }) {
  return (
    <section>
      <h1>{title}</h1>
      <Reading says={says} />
    </section>
  );
}
