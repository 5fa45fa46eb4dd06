"""The same attacks in other languages: their short forms, written without accents and in small letters."""

from typing import Final

from guardian_ci.policy.scan.phrases import EXFILTRATION, INSTRUCTION_OVERRIDE, Phrase, phrase


def _after(verbs: str, between: str, nouns: str, behind: str = "") -> Phrase:
    """Return "ignore (all) (the) (previous) instructions" in a language with that order of words.

    ``between`` are the words before the noun, of which one must tell that what was said before is meant; where one
    stands behind the noun in that language, ``behind`` has those.
    """
    told = rf"(?: (?:{between})){{1,6}} (?:{nouns})\b"
    late = rf"(?: (?:{between})){{0,6}} (?:{nouns}) (?:{behind})\b" if behind else told
    return phrase(INSTRUCTION_OVERRIDE, verbs, rf"(?:{verbs})(?:{told}|{late})")


def _unspaced(words: str, pattern: str, kind: str = INSTRUCTION_OVERRIDE) -> Phrase:
    """Return a phrase of a script that writes no blanks, or where the verb comes last."""
    return phrase(kind, words, pattern)


_GERMAN: Final = (
    _after(
        "ignoriere|ignorier|ignorieren sie|missachte|missachten sie|vergiss|vergessen sie|verwirf|verwerfen sie|"
        "ubergehe|befolge nicht",
        "alle|allen|alles|samtliche|die|den|deine|deiner|ihre|meine|bisherigen?|vorherigen?|vorhergehenden?|"
        "vorangegangenen?|fruheren?|obigen?|vorigen?|zuvor|gegebenen?|bitte|jetzt|von|und|ursprunglichen?|oben"
        " genannten?|dir|dich|system-?",
        "anweisungen?|instruktionen?|vorgaben|regeln|befehle|anleitungen|prompts?|systemprompt|richtlinien|"
        "vorschriften|sicherheitsregeln|systemanweisungen",
    ),
    phrase(
        INSTRUCTION_OVERRIDE,
        "sag dem|sage dem|sagen sie dem|verrate dem|erzahle dem|teile dem|erwahne dies|erwahne das|informiere den",
        r"(?:(?:sage?|sagen sie|verrate|erzahle|teile) dem (?:benutzer|nutzer|anwender|user) (?:nichts|nicht|"
        r"davon nichts)|erwahne (?:dies|das) (?:gegenuber dem|dem) (?:benutzer|nutzer|anwender|user) (?:nicht|"
        r"gegenuber nicht)|informiere den (?:benutzer|nutzer|anwender|user) nicht)",
    ),
    phrase(
        EXFILTRATION,
        "gib|zeige|zeig|verrate|nenne|wiederhole|drucke",
        r"(?:gib|zeige?|verrate|nenne|wiederhole|drucke)(?: (?:mir|uns|bitte|jetzt|sofort|den|deinen|deine|gesamten|"
        r"vollstandigen|kompletten|geheimen|internen|ursprunglichen)){0,6} (?:system-?prompts?|systemanweisung(?:en)?|"
        r"system-?nachricht|(?<=deine.)anweisungen)",
    ),
)
_FRENCH: Final = (
    _after(
        "ignore|ignorez|ignorer|oublie|oubliez|neglige|negligez|ne tiens pas compte|ne tiens plus compte|ne tenez pas"
        " compte|ne tenez plus compte|fais abstraction|faites abstraction|ne suis pas|ne suivez pas|ne respecte pas",
        "de|des|toutes?|tous|les|tes|vos|ces|mes|precedentes?|anterieures?|autres|initiales|donc|maintenant|s il te"
        " plait",
        r"instructions? (?:precedentes?|anterieures?|initiales|ci-dessus|recues|donnees|qui precedent|systeme)|"
        r"consignes?(?: (?:precedentes?|anterieures?|ci-dessus|donnees))?|directives?(?: (?:precedentes?|anterieures?|"
        r"ci-dessus))?|regles (?:precedentes?|anterieures?|ci-dessus)|ordres (?:precedents|anterieurs)|"
        r"commandes precedentes|(?<=precedentes.)instructions|(?<=tes.)instructions|(?<=vos.)instructions",
    ),
    phrase(
        INSTRUCTION_OVERRIDE,
        "ne dis|ne dites|ne le dis|ne le dites|ne mentionne|ne mentionnez|n'informe|n'informez|ne revele|ne revelez",
        r"n(?:e|'|’)(?: )?(?:le )?(?:dis|dites|mentionnez?|informez?|revelez?)(?: (?:pas|rien|jamais|cela|ceci|"
        r"ca)){1,3}(?: (?:de|cela|ceci|ca|a|au)){0,3} (?:l(?:'|’| )?)?utilisat\w+",
    ),
    phrase(
        EXFILTRATION,
        "revele|revelez|affiche|affichez|montre|montrez|repete|repetez|donne|donnez|imprime",
        r"(?:revele|affiche|montre|repete|donne|imprime)z?(?: (?:moi|nous|integralement|le|la|contenu|de|"
        r"tout)){0,4} (?:ton|ta|votre|tes|vos) (?:prompt (?:systeme|initial|secret|complet)|invite systeme|"
        r"message systeme|instructions (?:systeme|initiales|secretes|internes|cachees))",
    ),
)
_SPANISH: Final = (
    _after(
        "ignora|ignore|ignorad|ignoren|olvida|olvide|olviden|descarta|descarte|omite|omita|desobedece|desatiende|haz"
        " caso omiso|haga caso omiso|no hagas caso|no haga caso|no sigas|no siga",
        "de|a|todas?|todos|las|los|tus|sus|mis|cualquier|previas?|anteriores?|demas|por favor|ahora|estas",
        r"instruccion(?:es)? (?:anterior(?:es)?|previas?|dadas|recibidas|de arriba|del sistema|originales|iniciales)|"
        r"ordenes (?:anteriores|previas)|reglas (?:anteriores|previas|de seguridad|del sistema)|"
        r"indicaciones(?: (?:anteriores|previas))?|directrices(?: (?:anteriores|previas))?|"
        r"(?<=anteriores.)instrucciones|(?<=previas.)instrucciones|(?<=tus.)(?:instrucciones|reglas|restricciones)|"
        r"(?<=sus.)instrucciones",
    ),
    phrase(
        INSTRUCTION_OVERRIDE,
        "no se lo digas|no le digas|no digas|no menciones|no informes|no reveles|no le informes|no le menciones",
        r"no (?:se lo |le )?(?:digas|menciones|informes|reveles)(?: (?:nada|esto|eso|de|que|lo)){0,4} (?:al|a la|"
        r"a los|a el) usuari\w+",
    ),
    phrase(
        EXFILTRATION,
        "revela|revele|muestra|muestre|imprime|repite|dime |escribe",
        r"(?:revela|revele|muestra|muestre|imprime|repite|dime|escribe)(?:me|nos)?(?: (?:todo|completo|el|la|los|las|"
        r"contenido|de|texto)){0,4} (?:tu|tus|su|sus) (?:prompt (?:del? sistema|inicial|secreto|completo)|"
        r"mensaje del? sistema|instrucciones (?:del? sistema|iniciales|secretas|ocultas|internas)|"
        r"indicaciones del? sistema)",
    ),
)
_PORTUGUESE: Final = (
    _after(
        "ignore|ignora|ignorem|esqueca|esquece|esquecam|desconsidere|desconsidera|descarte|desobedeca|nao siga|nao"
        " obedeca",
        "de|a|todas?|todos|as|os|suas|tuas|seus|minhas|quaisquer|qualquer|previas?|anteriores?|outras|por favor|agora",
        r"instruc(?:oes|ao) (?:anterior(?:es)?|previas?|acima|dadas|recebidas|do sistema|originais|iniciais)|"
        r"ordens (?:anteriores|previas)|regras (?:anteriores|previas|de seguranca|do sistema)|"
        r"orientacoes(?: (?:anteriores|previas|acima))?|diretrizes(?: (?:anteriores|previas))?|comandos anteriores|"
        r"(?<=suas.)(?:instrucoes|regras)|(?<=tuas.)instrucoes",
    ),
    phrase(
        INSTRUCTION_OVERRIDE,
        "nao conte|nao diga|nao mencione|nao informe|nao revele|nao avise",
        r"nao (?:conte|diga|mencione|informe|revele|avise)(?: (?:nada|isso|isto|disso|disto|que|sobre)){0,4} (?:ao|a|"
        r"o|para o) (?:usuari|utilizador)\w*",
    ),
    phrase(
        EXFILTRATION,
        "revele|revela|mostre|mostra|imprima|repita|exiba|escreva",
        r"(?:revele|revela|mostre|mostra|imprima|repita|exiba|escreva)(?: (?:me|nos|todo|o|a|as|conteudo|do|"
        r"completo)){0,4} (?:seu|teu|suas|tuas) (?:prompt (?:do|de) sistema|prompt (?:inicial|secreto|completo)|"
        r"instrucoes (?:do sistema|iniciais|secretas|ocultas|internas))",
    ),
)
_ITALIAN: Final = (
    _after(
        "ignora|ignorate|ignori|dimentica|dimenticate|dimentichi|trascura|tralascia|non considerare|non seguire|"
        "disattendi",
        "di|le|i|tutte|tutti|tue|tuoi|vostre|mie|qualsiasi|precedenti|altre|ora|per favore",
        r"istruzion[ei] (?:precedent[ei]|anterior[ei]|sopra|ricevute|date|di sistema|originali|iniziali)|"
        r"regole (?:precedenti|di sicurezza|di sistema)|ordini precedenti|indicazioni(?: precedenti)?|"
        r"direttive(?: precedenti)?|comandi precedenti|(?<=precedenti.)istruzioni|(?<=tue.)(?:istruzioni|regole)",
    ),
    phrase(
        INSTRUCTION_OVERRIDE,
        "non dire|non dirlo|non menzionare|non informare|non rivelare",
        r"non (?:dire|dirlo|menzionare|menzionarlo|informare|rivelare|rivelarlo)(?: (?:nulla|niente|questo|cio|"
        r"di)){0,3} (?:all?(?:'|’| )?|l(?:'|’| )?)?utent\w+",
    ),
    phrase(
        EXFILTRATION,
        "rivela|mostra|stampa|ripeti|dimmi|mostrami|rivelami",
        r"(?:rivela|mostra|stampa|ripeti|dim)(?:mi)?(?: (?:il|i|le|tutto|tutte|completo|contenuto|del)){0,4} (?:tuo|"
        r"tue|vostro) (?:prompt (?:di sistema|iniziale|segreto|completo)|system prompt|istruzioni (?:di sistema|"
        r"iniziali|segrete|nascoste|interne))",
    ),
)
_DUTCH: Final = (
    _after(
        "negeer|negeert|vergeet|sla over|verwerp",
        "alle|al|de|je|jouw|uw|mijn|eerdere|vorige|voorgaande|bovenstaande|eerder|gegeven|alsjeblieft|nu",
        "instructies|opdrachten|regels|aanwijzingen|richtlijnen|prompts?|bevelen",
    ),
)
_SLAVIC: Final = (
    _after(
        "игнорируй|игнорируйте|проигнорируй|проигнорируйте|забудь|забудьте|не обращай внимания на|не обращайте"
        " внимания на|отбрось|отбросьте|не следуй|не следуйте|пренебреги|отмени",
        "все|всех|всем|про|о|об|свои|своим|твои|эти|этим|любые|предыдущие|предыдущим|предыдущих|прежние|прежним|"
        "прошлые|вышеуказанные|вышеизложенные|ранее|данные|полученные|системные|системным|пожалуиста|пожалуйста|"
        "теперь|и|свою",
        "инструкци(?:и|ям|ях|й|ю)|указания(?:м|х)?|правила(?:м|х)?|команды|приказы|промпты?|распоряжения|директивы|"
        "подсказки|ограничения",
    ),
    _after(
        "ігноруй|ігноруйте|проігноруй|забудь|забудьте|не зважай на|відкинь",
        "всі|усі|про|попередні|свої|твої|ці|вищевказані|системні|наведені",
        "інструкції|вказівки|правила|команди|накази|обмеження",
    ),
    _after(
        "zignoruj|ignoruj|zignorujcie|pomin|zapomnij|zapomnij o|nie przestrzegaj|odrzuc",
        "o|wszystkie|wszystkich|poprzednie|poprzednich|wczesniejsze|wczesniejszych|powyzsze|powyzszych|swoje|swoich|"
        "twoje|dotychczasowe|teraz|prosze",
        "instrukcje|instrukcji|polecenia|polecen|zasady|zasad|wytyczne|wytycznych|reguly|rozkazy",
    ),
    _after(
        "ignoruj|ignorujte|zapomen|zapomente|zapomen na|nevsimej si|prehlizej",
        "vsechny|vsechna|predchozi|predesle|sve|svoje|tve|vyse|uvedene|drivejsi|na",
        "pokyny|instrukce|pravidla|prikazy",
    ),
    phrase(
        INSTRUCTION_OVERRIDE,
        "не говори|не говорите|не сообщай|не сообщайте|не рассказывай|не упоминай|не раскрывай",
        r"не (?:говори|сообщай|рассказывай|упоминай|раскрывай)(?:те)?(?: (?:об|о|про|этом|это|этого|ничего|"
        r"никому)){0,4} пользовател\w+",
    ),
    phrase(
        EXFILTRATION,
        "покажи|покажите|выведи|выведите|раскрой|раскройте|напечатай|повтори|назови",
        r"(?:покажи|выведи|раскрой|напечатай|повтори|назови)(?:те)?(?: (?:мне|нам|весь|всю|полностью|дословно|"
        r"текст)){0,4} (?:свой|твой|свои|твои|своего|твоего|ваш|весь|системный|системного)(?: (?:весь|полный|"
        r"скрытый))? (?:системн\w+ (?:промпт\w*|инструкци\w+|подсказк\w+|запрос\w*)|промпт\w*)",
    ),
)
_OTHERS: Final = (
    _after(
        "ignorera|glom|bortse fran|strunta i",
        "alla|allt|dina|de|tidigare|foregaende|ovanstaende|mina|nu|snalla",
        "instruktioner|anvisningar|regler|direktiv",
    ),
    _after(
        "abaikan|lupakan|hiraukan",
        "semua|seluruh|segala|setiap",
        r"(?:instruksi|perintah|aturan|petunjuk|arahan)(?: (?:sebelumnya|di atas|terdahulu|anda|yang))",
    ),
    _after(
        "bo qua|quen tat ca|quen moi|quen cac|quen het|phot lo|quen di",
        "tat ca|moi|cac|nhung|het",
        r"(?:huong dan|chi thi|lenh|chi dan|quy tac|yeu cau)(?: (?:truoc|truoc do|o tren|phia tren|tren|cua ban))",
    ),
    phrase(  # Turkish, whose verb comes last
        INSTRUCTION_OVERRIDE,
        "onceki|yukaridaki|tum talimat|butun talimat|tum onceki|daha onceki|bundan onceki",
        r"(?:tum |butun |daha |bundan )?(?:onceki|yukaridaki|tum|butun)(?: (?:tum|butun|sistem|"
        r"verilen)){0,2} (?:talimat|komut|kural|yonerge|emir|istem)\w{0,8}(?: \w{1,12}){0,2} (?:yok say|gormezden gel|"
        r"unut|dikkate alma|goz ardi et|onemseme|bosver)",
    ),
)
_CJK: Final = (
    _unspaced(
        "忽略|忽视|忽視|无视|無視|忘记|忘記|忘掉|不要理会|不要理會|不要遵循|不要遵守|不再遵循|不再遵守|抛弃|放弃|跳过|"
        "绕过|停止遵循|摒弃|撤销|覆盖",
        r"(?:忽略|忽视|忽視|无视|無視|忘记|忘記|忘掉|不要理会|不要理會|不要遵循|不要遵守|不再遵循|不再遵守|抛弃|放弃|"
        r"跳过|绕过|停止遵循|摒弃|撤销|覆盖)[^。！？\n]{0,8}?(?:之前|以前|以上|上面|上述|前面|先前|此前|所有|一切|"
        r"全部|任何|你的|您的|系统|系統|原有|原来|原始|现有|既有|安全)[^。！？\n]{0,12}?(?:指令|指示|提示词|提示詞|"
        r"提示|命令|规则|規則|要求|设定|設定|限制|约束|约定|准则|指引|对话内容|prompt)",
    ),
    _unspaced(
        "不要告诉|不要告知|不要通知|别告诉|请勿告知|请勿告诉|不要向用户|不要讓用戶|不要让用户|不要告訴|不得告知|"
        "不要提醒用户",
        r"(?:(?:不要|别|请勿|不得)(?:告诉|告訴|告知|通知|提醒)(?:用户|用戶|使用者|使用人)|(?:不要|别|请勿|不得)(?:向|"
        r"让|讓)(?:用户|用戶|使用者)(?:提及|透露|说明|知道|知晓|报告|披露|發現|发现))",
    ),
    _unspaced(
        "系统提示|系统指令|系統提示|系统消息|初始指令|システムプロンプト|시스템프롬프트|시스템 프롬프트",
        r"(?:系统提示词?|系统指令|系統提示詞?|系统消息|初始指令|システムプロンプト|"
        r"시스템 ?프롬프트)[^。！？\n]{0,10}?(?:出来|出來|给我|給我|告诉我|告訴我|を?(?:すべて|全て|全文)?(?:表示|"
        r"出力|教え|開示|公開|見せ)(?:し(?:て|ろ|なさい)|て|ろ|せよ)|를? ?(?:모두 |전부 )?(?:출력|공개|보여|알려|"
        r"말해))",
        EXFILTRATION,
    ),
    _unspaced(
        "输出|輸出|显示|顯示|泄露|打印|重复|重複|告诉我|告訴我|透露|公开|复述|展示",
        r"(?:输出|輸出|显示|顯示|泄露|打印|重复|重複|告诉我|告訴我|透露|公开|复述|展示)(?:一下|出|给我|給我)?(?:你|"
        r"您)(?:的)?(?:完整|全部|所有|初始|原始|隐藏|隱藏|内部){0,3}(?:的)?(?:系统|系統|初始|隐藏|内部|"
        r"原始)?(?:提示词|提示詞|系统提示|系統提示|指令|prompt)",
        EXFILTRATION,
    ),
    _unspaced(
        "以前|これまで|上記|前の|先の|今まで|すべての|全ての|過去の|上の|元の|あなたの|前述|従来",
        r"(?:以前|これまで|上記|前|先|今まで|すべて|全て|過去|上|元|あなた|前述|従来)の?(?:すべての|全ての|システム|"
        r"ご|与えられた){0,3}(?:指示|命令|プロンプト|ルール|指令|設定|制約|制限|規則)(?:や(?:ルール|指示|制約))?(?:を|"
        r"は|に関しては)?(?:すべて|全て|全部|一切|完全に)?(?:無視|忘れ|破棄|無効|従わ(?:ない|ず))",
    ),
    _unspaced(
        "ユーザーに|ユーザには|利用者に",
        r"(?:ユーザー?|利用者)には?[^。！？\n]{0,14}?(?:言わない|伝えない|知らせない|話さない|教えない|通知しない|"
        r"明かさない|報告しない)で",
    ),
    _unspaced(
        "이전|위의|앞의|지금까지|모든 지시|모든 지침|기존|앞선|이전의",
        r"(?:이전|위|앞|지금까지|모든|기존|앞선)(?:의|에|까지)?\s?(?:모든 |내린 |받은 |주어진 |"
        r"시스템 ){0,3}(?:지시\s?사항|지시|지침|명령어?|프롬프트|규칙|제한)(?:을|를|들을|은|는)?\s?(?:모두 |전부 |다 |"
        r"완전히 ){0,2}(?:무시|잊|따르지 (?:마|말))",
    ),
    _unspaced(
        "사용자에게|유저에게",
        r"(?:사용자|유저)에게(?:는)?\s?(?:이 ?사실을 |이것을 |절대 |이를 |아무것도 ){0,2}(?:말하지|알리지|언급하지|"
        r"보고하지) (?:마|말)",
    ),
)
_MORE: Final = (
    _unspaced(
        "تجاهل|انسى|انس|أهمل|اهمل|لا تتبع",
        r"(?:تجاهل|انسى?|[أا]همل|لا تتبع)\s(?:جميع\s|كل\s|كافة\s|أي\s)?(?:التعليمات|الأوامر|القواعد|الإرشادات|"
        r"التوجيهات|تعليماتك|الاوامر)(?:\s(?:السابقة|أعلاه|المذكورة|السابقه|التي|الخاصة|و))?",
    ),
    _unspaced(
        "पिछले|पिछली|सभी निर्देश|सभी पिछले|उपरोक्त|पहले के|पूर्व",
        r"(?:सभी )?(?:पिछले|पिछली|सभी|उपरोक्त|पहले के|पूर्व)(?: सभी)? (?:निर्देशों?|आदेशों?|नियमों?|"
        r"हिदायतों)(?: को)?(?: पूरी तरह)? (?:अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल|अनसुना)",
    ),
    _unspaced(
        "התעלם|שכח|תתעלם",
        r"(?:התעלמ?ם?|תתעלם|שכח)\s(?:מ|את\s)?(?:כל\s)?ה?(?:הוראות|הנחיות|כללים|פקודות)\s(?:ה?קודמות|ה?קודמים|לעיל|"
        r"שקיבלת)",
    ),
    _unspaced(
        "นิกคำ|เพิกเฉยต่อ|ละเว้นคำสั่ง|ลืมคำสั่ง|ไม่ต้องสนใจคำสั่ง",
        r"(?:เพิกเฉยต่อ|ละเว้น|ลืม|ไม่ต้องสนใจ)(?:คำสั่ง|คำแนะนำ|กฎ)(?:ทั้งหมด)?(?:ก่อนหน้า|ข้างต้น|ที่ผ่านมา)",
    ),
)

TONGUES: Final[tuple[Phrase, ...]] = (
    *_GERMAN,
    *_FRENCH,
    *_SPANISH,
    *_PORTUGUESE,
    *_ITALIAN,
    *_DUTCH,
    *_SLAVIC,
    *_OTHERS,
    *_CJK,
    *_MORE,
)
