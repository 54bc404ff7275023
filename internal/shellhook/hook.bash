# locald's prompt hook for bash 3.2 and later: eval "$(locald hook bash)"
# \builtin NAME: neither an alias nor a function of yours gets in between.
# shellcheck disable=SC2016,SC2128,SC2178

if [[ $- == *i* && -z ${VSCODE_RESOLVING_ENVIRONMENT-} && -O ${HOME-} ]]; then

_locald_bin=@BINARY@

# Leaves the nearest project's directory in _locald_found, or nothing. The walk
# ends before $HOME however that is spelled: -ef compares the directories.
_locald_find() {
	\builtin local _locald_dir="$PWD" _locald_links='' _locald_shared='' _locald_one
	_locald_found=''
	\builtin set -- @SHARED@ # never a project
	for _locald_one; do _locald_shared+=/$_locald_one//; done
	while [[ $_locald_dir == /?* && ! $_locald_dir -ef ${HOME-} ]]; do
		if [[ $_locald_shared != *"/$_locald_dir//"* ]]; then
			if [[ -f $_locald_dir/Procfile.dev || -f $_locald_dir/Procfile ]]; then
				_locald_found=$_locald_dir
				\builtin return 0
			fi
			[[ ! -L $_locald_dir ]] || _locald_links=yes
		fi
		_locald_dir=${_locald_dir%/*}
	done
	[[ -z $_locald_links ]] || _locald_find_physical "$@"
}

# _locald_find_physical SHARED...: a link hides the directories above its target.
# The kernel resolves `..` there; any builtin that names them would need a fork
# or a cd.
_locald_find_physical() {
	\builtin local _locald_ours
	_locald_dir=$PWD/..
	while [[ -d $_locald_dir && ! $_locald_dir -ef / && ! $_locald_dir -ef ${HOME-} ]]; do
		_locald_ours=yes
		for _locald_one; do
			[[ ! $_locald_dir -ef $_locald_one ]] || _locald_ours=''
		done
		if [[ -n $_locald_ours && (-f $_locald_dir/Procfile.dev || -f $_locald_dir/Procfile) ]]; then
			_locald_found=$_locald_dir
			\builtin return 0
		fi
		_locald_dir=$_locald_dir/..
	done
}

_locald_at() {
	_locald_pwd=$PWD
	_locald_find
	# -ef: a root found through `..` is spelled differently in each directory.
	if ! \builtin test "$_locald_found" = "${_locald_root-}" &&
		[[ ! $_locald_found -ef ${_locald_root-} && ${LOCALD_HOOK-} != off && -x $_locald_bin ]]; then
		# First the mark of "not delivered", which equals no root: ctrl-C may end us.
		_locald_root=/dev/null
		if "$_locald_bin" at "$$" "$_locald_found" </dev/null >/dev/null; then
			_locald_root=$_locald_found
		elif [[ $? == 75 ]]; then
			_locald_pwd='' # the next prompt tries again
		fi
	fi
	\builtin export -n _locald_pwd _locald_found _locald_root # set -a
}

_locald_hook() {
	\builtin local _locald_status="$?"
	\builtin test "$PWD" = "${_locald_pwd-}" || _locald_at
	\builtin return "$_locald_status"
}

_locald_register() {
	# `&& :` hands the status on without setting off `set -e` or an ERR trap.
	# The expansion keeps it inert in a child that inherits PROMPT_COMMAND alone.
	\builtin local _locald_attrs _locald_run='${_locald_bin:+"_locald_hook"} && :'
	\builtin export -n _locald_bin
	[[ ${PROMPT_COMMAND[*]-} != *_locald_hook* ]] || \builtin return 0
	_locald_attrs=$(\builtin declare -p PROMPT_COMMAND 2>/dev/null) || :
	_locald_attrs=${_locald_attrs%%PROMPT_COMMAND*}
	_locald_attrs=${_locald_attrs#declare -}
	if [[ $_locald_attrs == *r* ]]; then
		\builtin echo 'locald: cannot install the prompt hook: PROMPT_COMMAND is read-only; run the hook before the line that makes it so' >&2
	elif ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) && [[ $_locald_attrs != *x* || $_locald_attrs == *a* ]]; then
		PROMPT_COMMAND+=("$_locald_run")
	else
		# An array would take an exported PROMPT_COMMAND away from child shells.
		# A newline: it may end in `;`.
		PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}$_locald_run
	fi
}
_locald_register
\builtin unset -f _locald_register

fi
