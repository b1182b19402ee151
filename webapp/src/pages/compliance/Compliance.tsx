import { useRoute } from "../../route";
import { Matrix } from "./Matrix";
import { OneAnswer } from "./OneAnswer";

export default function CompliancePage() {
  const { parts, query } = useRoute();
  const on = query.get("on") ?? undefined;
  const [, market, offer] = parts;
  if (market && offer)
    return <OneAnswer key={`${market} ${offer}`} market={market} offer={offer} on={on} route={query.get("route") ?? undefined} />;
  return <Matrix on={on} />;
}
