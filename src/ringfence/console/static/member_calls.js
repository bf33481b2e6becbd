// Calls, a page at a time.
import { sealedList } from "./sealed_list.js";

sealedList("/calls", "show_calls");
