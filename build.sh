#!/usr/bin/env bash
# Builds the container images from envoy/Dockerfile; --help says how.
set -euo pipefail

IMAGES=(base gateway manager repository scikit custom-scikit localml-spark)
# What tells pip where packages are: its variables, and their names in its configuration file.
PIP_SETTINGS=(
	PIP_INDEX_URL=index-url PIP_EXTRA_INDEX_URL=extra-index-url PIP_TRUSTED_HOST=trusted-host
	PIP_DEFAULT_TIMEOUT=default-timeout PIP_RETRIES=retries
)
PROXIES=(http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY)

usage() {
	cat <<'END'
Usage: ./build.sh [OPTION]... [IMAGE]... [-- DOCKER-BUILD-OPTION...]

Builds Catenary's container images with Docker, all of them or those named:

  base           Python, Envoy and the sidecar, for an HTTP server of your own
  gateway        the front door, whose Envoy runs the chains
  manager        the control plane
  repository     the model repository
  scikit         the runtime for scikit-learn's models
  custom-scikit  the runtime for models that are Python code
  localml-spark  the runtime for saved Spark ML pipelines

Each is tagged catenary/<image>:<version> and catenary/<image>:latest, as docker-compose.yml takes them.

Options
  --version VERSION  the tag in place of the version in catenary/__init__.py; also --tag   [CATENARY_VERSION]
  --registry PREFIX  stands before each name, such as registry.example.com/team/           [CATENARY_REGISTRY]
  --python IMAGE     the image to build on, python:3.11-slim-bookworm or its like          [PYTHON_IMAGE]
  --ca FILE          the certificates to trust when packages are fetched                   [PIP_CERT]
  --push             push each image under both tags once all are built
  --no-cache         build every layer anew
  --help             say this

Behind a proxy: http_proxy, https_proxy and no_proxy, in either case, are passed on where they are set, and so are
PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, PIP_TRUSTED_HOST, PIP_DEFAULT_TIMEOUT and PIP_RETRIES. Nothing of them stays
in an image. What follows -- goes to `docker build`: for a proxy on this machine's loopback, -- --network host.

More in docs/containers.md.
END
}

refuse() {
	echo "build.sh: $1" >&2
	exit "${2:-1}"
}

# Says what is missing: docker, BuildKit's part of it, or an engine that answers.
require_docker() {
	command -v docker >/dev/null ||
		refuse 'docker is not installed, or not on the PATH: https://docs.docker.com/engine/install/'
	local version
	version=$(docker version --format '{{.Server.Version}}' 2>&1) ||
		refuse "no Docker engine answers: ${version##*$'\n'}"
	# Up to 20.10 the client has BuildKit within, from 23 on in a plug-in.
	local client
	client=$(docker version --format '{{.Client.Version}}')
	if ((${client%%.*} >= 23)) && ! docker buildx version >/dev/null 2>&1; then
		refuse 'docker lacks its plug-in buildx: https://docs.docker.com/go/buildx/'
	fi
}

# Where packages come from, as a configuration file of pip: an address may hold a password, so it is a secret.
write_pip_settings() {
	local setting variable
	echo '[global]'
	for setting in "${PIP_SETTINGS[@]}"; do
		variable=${setting%=*}
		if [[ -n ${!variable:-} ]]; then
			echo "${setting#*=} = ${!variable}"
		fi
	done
}

version=${CATENARY_VERSION:-}
registry=${CATENARY_REGISTRY:-}
python=${PYTHON_IMAGE:-}
ca=${PIP_CERT:-}
push=
images=()
options=()
while (($#)); do
	case $1 in
	--version | --tag | --registry | --python | --ca)
		(($# > 1)) || refuse "$1 needs a value; ./build.sh --help tells more" 2
		case $1 in
		--registry) registry=$2 ;;
		--python) python=$2 ;;
		--ca) ca=$2 ;;
		*) version=$2 ;;
		esac
		shift
		;;
	--push) push=yes ;;
	--no-cache) options+=(--no-cache) ;;
	-h | --help)
		usage
		exit
		;;
	--)
		shift
		options+=("$@")
		break
		;;
	-*) refuse "there is no option $1; ./build.sh --help lists them" 2 ;;
	*)
		[[ " ${IMAGES[*]} " == *" $1 "* ]] || refuse "there is no image '$1', only: ${IMAGES[*]}" 2
		images+=("$1")
		;;
	esac
	shift
done
((${#images[@]})) || images=("${IMAGES[@]}")
[[ -z $registry || $registry == */ ]] || registry+=/
if [[ -n $ca ]]; then
	[[ -r $ca ]] || refuse "the file of certificates $ca cannot be read"
	ca=$(cd "$(dirname "$ca")" && pwd)/${ca##*/}
fi

cd "$(dirname "${BASH_SOURCE[0]}")"
[[ -n $version ]] || version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' catenary/__init__.py)
require_docker

secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT
write_pip_settings >"$secrets/pip.conf"
options+=(--secret "id=pip.conf,src=$secrets/pip.conf")
if [[ -n $ca ]]; then
	options+=(--secret "id=ca.pem,src=$ca")
fi
if [[ -n $python ]]; then
	options+=(--build-arg "PYTHON_IMAGE=$python")
fi
for proxy in "${PROXIES[@]}"; do
	if [[ -n ${!proxy:-} ]]; then
		# Without a value docker takes it from the environment: a proxy's address may hold a password too.
		options+=(--build-arg "$proxy")
	fi
done

export DOCKER_BUILDKIT=1
for image in "${images[@]}"; do
	name=${registry}catenary/$image
	echo "build.sh: $name:$version"
	docker build --file envoy/Dockerfile --target "$image" --tag "$name:$version" --tag "$name:latest" \
		--build-arg "CATENARY_VERSION=$version" "${options[@]}" .
done
if [[ -n $push ]]; then
	for image in "${images[@]}"; do
		docker push "${registry}catenary/$image:$version"
		docker push "${registry}catenary/$image:latest"
	done
fi
