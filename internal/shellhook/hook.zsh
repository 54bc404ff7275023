# locald's prompt hook for zsh 5.0 and later: eval "$(locald hook zsh)"
# \builtin NAME: neither an alias nor a function of yours gets in between.

if [[ -o interactive && -z "${VSCODE_RESOLVING_ENVIRONMENT-}" && -O "${HOME-}" ]]; then

_locald_bin=@BINARY@

# _locald_find DIR: leaves the nearest project's directory in _locald_found. The
# walk ends before $HOME however that is spelled: -ef compares the directories.
_locald_find() {
	\builtin local _locald_dir="$1"
	while [[ "$_locald_dir" = /?* && ! "$_locald_dir" -ef "$HOME" ]]; do
		case "$_locald_dir" in
		@SHARED@) ;; # never a project
		*)
			if [[ -f "$_locald_dir/Procfile.dev" || -f "$_locald_dir/Procfile" ]]; then
				_locald_found="$_locald_dir"
				\builtin return 0
			fi
			;;
		esac
		_locald_dir="${_locald_dir%/*}"
	done
}

_locald_at() {
	\builtin emulate -L zsh
	\builtin local _locald_found=''
	# +x: setopt all_export must not carry our state into a child shell.
	\builtin typeset -g +x _locald_bin _locald_pwd="$PWD" _locald_root="${_locald_root-}"
	_locald_find "$PWD"
	# A link hides the directories above its target.
	if [[ -z "$_locald_found" && "${PWD:A}" != "$PWD" ]]; then
		_locald_find "${PWD:A}"
	fi
	if [[ "$_locald_found" != "$_locald_root" && "${LOCALD_HOOK-}" != off && -x "$_locald_bin" ]]; then
		# First the mark of "not delivered", which equals no root: ctrl-C may end us.
		_locald_root=/dev/null
		if "$_locald_bin" 'at' "$$" "$_locald_found" </dev/null >/dev/null; then
			_locald_root="$_locald_found"
		elif [[ "$?" = 75 ]]; then
			_locald_pwd='' # the next prompt tries again
		fi
	fi
	\builtin return 0
}

# Runs under the user's options: nothing here depends on one. No `if`: zsh would
# make three more system calls for it.
_locald_hook() {
	[[ "$PWD" = "${_locald_pwd-}" ]] || _locald_at
}

_locald_register() {
	\builtin emulate -L zsh
	\builtin typeset -ga precmd_functions
	if (( ! ${precmd_functions[(I)_locald_hook]} )); then precmd_functions+=(_locald_hook); fi
}
_locald_register
\builtin unfunction _locald_register

fi
