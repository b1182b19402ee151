export { ProgrammePage as default } from "./Room";
