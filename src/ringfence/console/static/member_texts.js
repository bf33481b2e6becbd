// Texts, a page at a time.
import { sealedList } from "./sealed_list.js";

sealedList("/texts", "show_messages");
