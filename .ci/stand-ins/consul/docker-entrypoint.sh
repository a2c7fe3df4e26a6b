#!/bin/sh
# As the official image's: `agent …` gets the image's folders, another of Consul's commands is run as such, anything else
# as it is; root gives way to the user consul.
set -e
case $1 in -*) set -- agent "$@" ;; esac
if [ "$1" = agent ]; then
	shift
	# This Consul does not know the setting, and would not start.
	for argument; do
		shift
		case $argument in *server_rejoin_age_max*) ;; *) set -- "$@" "$argument" ;; esac
	done
	[ -z "$CONSUL_LOCAL_CONFIG" ] || echo "$CONSUL_LOCAL_CONFIG" >/consul/config/local.json
	set -- consul agent -data-dir=/consul/data -config-dir=/consul/config "$@"
elif consul --help "$1" 2>&1 | grep -q "consul $1"; then
	set -- consul "$@"
fi
if [ "$1" = consul ] && [ "$(id -u)" = 0 ]; then
	chown consul:consul /consul/data /consul/config
	set -- setpriv --reuid=consul --regid=consul --init-groups "$@"
fi
exec "$@"
