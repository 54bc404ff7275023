# locald's prompt hook for fish 3.1 and later: locald hook fish | source

if status is-interactive; and test -z "$VSCODE_RESOLVING_ENVIRONMENT"; and test -O "$HOME"

    set -gu _locald_bin @BINARY@

    # _locald_find DIR: leaves the nearest project's directory in _locald_found.
    # The walk ends before $HOME, however that is spelled.
    function _locald_find --argument-names start
        set -l dir ''
        set -l dirs
        set -l home (string replace -r '/$' '' -- "$HOME") (builtin realpath "$HOME" 2>/dev/null)
        # Not a command substitution: that may split at a newline in a name.
        string join0 -- $start | read -l -z -d / -a parts
        for part in $parts
            if test -n "$part"
                set dir "$dir/$part"
                set -p dirs "$dir"
            end
        end
        for dir in $dirs
            if builtin contains -- "$dir" $home
                break
            end
            if not builtin contains -- "$dir" @SHARED@ # never a project
                if test -f "$dir/Procfile.dev"; or test -f "$dir/Procfile"
                    set -gu _locald_found "$dir"
                    return
                end
            end
        end
    end

    function _locald_at
        set -gu _locald_pwd "$PWD"
        set -gu _locald_found ''
        set -q _locald_root; or set -gu _locald_root ''
        _locald_find "$PWD"
        if test -z "$_locald_found"
            # A link hides the directories above its target.
            set -l physical (builtin realpath "$PWD" 2>/dev/null)
            if test "$physical" != "$PWD"
                _locald_find "$physical"
            end
        end
        if test "$_locald_found" != "$_locald_root" -a "$LOCALD_HOOK" != off -a -x "$_locald_bin"
            # First the mark of "not delivered", which equals no root: ctrl-C may end us.
            set -gu _locald_root /dev/null
            if $_locald_bin at $fish_pid "$_locald_found" </dev/null >/dev/null
                set -gu _locald_root "$_locald_found"
            else if test $status = 75
                set -gu _locald_pwd '' # the next prompt tries again
            end
        end
    end

    # A second definition replaces the first, so evaluating this twice is harmless.
    function _locald_hook --on-event fish_prompt
        if test "$PWD" != "$_locald_pwd"
            _locald_at
        end
    end

end
