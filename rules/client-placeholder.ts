/** What stands for a client in the access filters of `mqtt.clients`: `${clientid}`, `${username}`, `${client_attrs.NAME}`. The second group is NAME. */
export const clientPlaceholder = /\$\{(clientid|username|client_attrs\.([A-Za-z_][A-Za-z0-9_]*))\}/g;
