/** A page that is still being read has its heading already. */
export function Waiting({ title, says = "reading …" }: { title: string; says?: string }) {
  return (
    <section>
      <h1>{title}</h1>
      <p className="soft" aria-busy="true">{says}</p>
    </section>
  );
}
