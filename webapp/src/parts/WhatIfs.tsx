import { api, useAsk, useSend, useStart } from "../api";
import { giveOrTake, howMany, money } from "../numbers";
import { useTyped } from "../typed";
import { ifWrong, Refusal } from "./Refusal";
import { Said } from "./Said";

/** Named scenarios side by side with the launch as it is, on the same worlds; and a form for another while there `may` be one. */
export function WhatIfs({ currency, may }: { currency: string; may: boolean }) {
  const answer = useAsk(() => api.GET("/api/v1/what-ifs"), []);
  const [sets, setSets] = useTyped("what if", "");
  const [name, setName] = useTyped("what if, called", "");
  const comparing = useStart("what_if");
  const forgetting = useSend();
  const forget = (name: string) => forgetting.send(name, () => api.DELETE("/api/v1/what-ifs", { params: { query: { name } } }));
  const found = answer.data?.what_ifs ?? [];
  const pm = (mean: number, se: number | null) => (
    <>
      {money(mean, currency)}
      <div className="soft">{giveOrTake(se, currency)}</div>
    </>
  );
  return (
    <>
      {found.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Scenarios side by side">
          <table>
            <caption>Value of the launch planned as it is and as it would be, on the same worlds; ± is the Monte Carlo error</caption>
            <thead>
              <tr>
                <th style={{ minWidth: "8rem" }}>scenario</th>
                <th>with</th>
                <th className="num">as it is</th>
                <th className="num">as it would be</th>
                <th className="num">difference, paired</th>
                <th style={{ minWidth: "14rem" }}>done differently now</th>
              </tr>
            </thead>
            <tbody>
              {found.map((item) => (
                <tr key={item.name}>
                  <th scope="row" className="plain">
                    {item.name}
                    <div className="soft">
                      {item.quarter}, {howMany(item.worlds, "world")}
                    </div>
                    <button className="quiet no-print" aria-label={`Forget ${item.name}`} onClick={() => void forget(item.name)}>
                      Forget
                    </button>
                  </th>
                  <td>
                    {item.sets.map((line) => (
                      <div key={line}>
                        <code>{line}</code>
                      </div>
                    ))}
                  </td>
                  <td className="num">{pm(item.value, item.value_se)}</td>
                  <td className="num">{pm(item.other, item.other_se)}</td>
                  <td className="num">
                    <strong>
                      {item.gain > 0 ? "+" : ""}
                      {money(item.gain, currency)}
                    </strong>
                    <div className="soft">{giveOrTake(item.gain_se, currency)}</div>
                  </td>
                  <td>
                    {item.moves.length
                      ? item.moves.map((move) => (
                          <div key={move.market}>
                            {move.name}: {move.as_it_is} → {move.as_it_would_be}
                          </div>
                        ))
                      : "nothing"}
                    {item.notes.map((note) => (
                      <div key={note} className="soft">
                        <Said>{note}</Said>
                      </div>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {!may && answer.data && found.length === 0 && <p>None was kept.</p>}
      {may && (
        <form
          className="no-print"
          onSubmit={(event) => {
            event.preventDefault();
            void comparing.start({ sets, name });
          }}
        >
          <div className="row">
            <span style={{ flex: "2 1 20rem" }}>
              <label htmlFor="sets">what if, one input a line: TABLE.KEY.COLUMN=VALUE, =*FACTOR or =+MORE</label>
              <textarea
                id="sets"
                rows={2}
                {...ifWrong(comparing.error, "what-if-wrong")}
                style={{ width: "100%" }}
                value={sets}
                onChange={(event) => setSets(event.target.value)}
                placeholder={"economics.NO.capital=*1.2\nlaunch.discount_per_quarter=0.97"}
              />
            </span>
            <span style={{ flex: "1 1 10rem" }}>
              <label htmlFor="scenario">called</label>
              <input id="scenario" value={name} onChange={(event) => setName(event.target.value)} maxLength={120} />
            </span>
            <button className="quiet" disabled={comparing.running || !sets.trim()}>
              {comparing.running ? "comparing …" : "Compare"}
            </button>
          </div>
        </form>
      )}
      {comparing.error && <Refusal error={comparing.error} id="what-if-wrong" />}
      {forgetting.error && <Refusal error={forgetting.error} />}
    </>
  );
}
