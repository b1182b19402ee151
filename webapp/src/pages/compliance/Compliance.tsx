import { useRoute } from "../../route";
import { Matrix } from "./Matrix";
import { OneAnswer } from "./OneAnswer";

export default function CompliancePage() {
  const { parts, query } = useRoute();
  const on = query.get("on") ?? undefined;
  if (parts[1] && parts[2]) return <OneAnswer market={parts[1]} offer={parts[2]} on={on} route={query.get("route") ?? undefined} />;
  return <Matrix on={on} />;
}
