"""Programs that manage the machine: services, processes, users, devices, keys, manuals."""

from collections.abc import Mapping
from typing import Final

from guardian_ci.policy.shell.arguments import read_arguments, usage
from guardian_ci.policy.shell.effects import Effects, Invocation
from guardian_ci.policy.shell.programs.table import TAME_LINE, Program, collector_of, declared, joined

_TABLE: Final = {
    ": [[ test cd export declare typeset local readonly umask ulimit wait jobs fg bg disown suspend times help"
    " caller kill"
    " autoload zmodload zstyle rehash compinit bindkey emulate vared abbr setenv unsetenv compopt": usage("text*"),
    "enable": usage("text*", read="-f"),
    "systemctl service rc-service launchctl initctl chkconfig update-rc.d loginctl timedatectl localectl"
    " hostnamectl sv s6-rc"
    " supervisorctl pm2": usage("maybe*"),
    "kill killall pkill pgrep ps top htop btop atop free vmstat iostat mpstat sar pidstat pstree pidof lscpu lsblk"
    " lsusb"
    " lspci lsmod lsns dmidecode sensors acpi last lastlog finger shutdown reboot halt poweroff sync renice"
    " iotop nethogs iftop bmon glances neofetch fastfetch screenfetch cmatrix sl clear reset stty tset"
    " swapon swapoff blkid dumpe2fs resize2fs parted fdisk sfdisk gdisk mkfs mkswap fsck zpool zfs btrfs"
    " mdadm lvcreate"
    " vgcreate pvcreate lvs vgs pvs modprobe rmmod depmod sysctl setenforce getenforce semanage restorecon chcon"
    " getsebool"
    " setsebool aa-status useradd usermod userdel groupadd groupmod groupdel gpasswd passwd chage adduser deluser"
    " addgroup chsh"
    " chfn newgrp vipw xset xrandr xdotool xprop wmctrl notify-send say pbpaste scutil defaults"
    " softwareupdate diskutil networksetup pmset spctl csrutil dscl": usage("text*"),
    "mount umount losetup insmod fusermount sshfs pivot_root": usage("maybe*", text="-t --types -o --options -O"),
    "journalctl": usage(
        "text*",
        text="-u --unit -p --priority -n --lines -S --since -U --until -o --output -b -t -g --grep",
        read="-D --directory --file --root --cursor-file",
    ),
    "dmesg": usage("text*", text="-l --level -f --facility --since --until --time-format", read="-F --file"),
    "logger": usage(
        "text*", text="-p --priority -t --tag --id -P --port -S --size", read="-f --file", host="-n --server"
    ),
    "wall write": usage("maybe*"),
    "ldd nm objdump readelf size addr2line strip objcopy c++filt dwarfdump otool lipo patchelf": usage(
        "read*", text="-j -M", write="-o"
    ),
    "ldconfig": usage("text*", read="-f -C -r"),
    "ctags etags cscope gtags": usage("read*", write="-f -o", list="-L", text="-R --languages"),
    "logrotate": usage("read*", write="-s --state -l --log"),
    "gpg gpg2 gpgv": usage(
        "maybe*",
        text="-r --recipient -u --local-user --keyserver-options --passphrase --cipher-algo --digest-algo"
        " --compress-algo --pinentry-mode"
        " --trust-model --batch-size --default-key --status-fd --passphrase-fd --quick-add-key",
        read="--passphrase-file --keyring --homedir --no-default-keyring-file --options --secret-keyring",
        write="-o --output --status-file --logger-file",
        host="--keyserver",
    ),
    "gpgconf gpg-agent gpg-connect-agent pass gopass keychain secret-tool keyctl security ykman": usage("maybe*"),
    "age rage": usage("read*", text="-r --recipient", read="-i --identity -R --recipients-file", write="-o --output"),
    "sops": usage("edit*", text="--kms --pgp --age --set --extract", write="--output"),
    "minisign signify": usage("maybe*"),
    "keytool jarsigner": usage(
        "maybe*",
        text="-alias -storepass -keypass -dname -validity -keyalg",
        read="-keystore -file -importkeystore -srckeystore",
        write="-destkeystore",
    ),
    "xclip xsel pbcopy wl-copy clip": usage("read*", text="-selection -sel -d -display -t -target -l"),
    "convert magick identify mogrify composite montage gm ffmpeg ffprobe ffplay sox exiftool gs optipng jpegoptim"
    " pngquant cwebp"
    " inkscape rsvg-convert dot neato plantuml mmdc wkhtmltopdf weasyprint libreoffice soffice pdftk qpdf pdfunite"
    " img2pdf"
    " mpv vlc mplayer feh eog": usage("maybe*"),
    "gcore coredumpctl": usage("maybe*"),
    "guardian-ci": usage(
        "text*",
        text="--tool --input --format --model",
        read="--policy --request --log",
        write="--output -o --junit --html",
    ),
    "genie nologin agetty login": usage("maybe*", read="-f -H"),
    "locale-gen update-locale dpkg-divert update-ca-certificates": usage("text*"),
    "tldr apropos whatis info cheat navi howdoi": usage("text*"),
}
_HOST_FACTS: Final = {
    "lsb_release vm_stat ioreg system_profiler pkg-config pkgconf llvm-config python-config python3-config"
    " php-config pg_config"
    " mysql_config xcrun xcode-select java_home dpkg-architecture nvidia-smi rocm-smi": usage("text*"),
    "dircolors lesspipe starship zoxide thefuck register-python-argcomplete resize setleds": usage("text*"),
}


def _man(invocation: Invocation) -> Effects:
    """Show a page: ``-P`` runs a pager, and a page can be a file."""
    collector = collector_of(invocation)
    given = read_arguments(
        invocation.argv[1:],
        usage(
            "text*",
            text="-s -S --sections -m -L --locale -r --prompt -E --encoding -p -T -e",
            read="-C --config-file -M --manpath -l --local-file",
            runs="-P --pager -H --html --preprocessor-command",
        ),
    )
    collector.options(given)
    for operand in given.operands:
        if "/" in operand:
            collector.read(operand)
    return collector.effects()


def _cryptsetup(invocation: Invocation) -> Effects:
    collector = collector_of(invocation)
    collector.all(
        invocation.argv[1:], usage("maybe*", read="-d --key-file --header", text="-c --cipher -s --key-size -h --hash")
    )
    return collector.effects()


PROGRAMS: Final[Mapping[str, Program]] = {
    **declared(_TABLE),
    **declared(_HOST_FACTS, TAME_LINE),
    "man": _man,
    **joined("cryptsetup veracrypt", _cryptsetup),
}
"""Programs that manage the machine, by name."""
