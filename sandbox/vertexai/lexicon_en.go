package vertexai

// wantsEnglish is how callers say in English what they want, and how agents say it back.
func wantsEnglish() []entry {
	return []entry{
		// A demonstration, a trial, a meeting with sales.
		{demo, 5, anyone, "book|schedule|arrange|setup|get|see|want|like|request|organise|organize|sign|up|do * demo|demos|demonstration|walkthrough"},
		{demo, 5, anyone, "set up * demo|demonstration|walkthrough"}, {demo, 3.5, anyone, "demo|demos|demonstration|demonstrations|walkthrough"},
		{demo, 4, anyone, "walk * through * product|software|platform|system|app|tool|features|solution"},
		{demo, 3.5, caller, "walk|take|run me|us|somebody|someone through it|this|that|everything"}, {demo, 2.5, caller, "walk me|us through"},
		{demo, 4, anyone, "product|guided|virtual|online tour"}, {demo, 4, anyone, "see|watch * in action"},
		{demo, 4, caller, "show me|us how * works|work"}, {demo, 3.5, caller, "show me|us * product|software|platform|system|app|tool|features|solution"},
		{demo, 3.5, caller, "see how * works|work"}, {demo, 4, anyone, "free trial"}, {demo, 3, caller, "start|begin|get|want|try|sign * trial"},
		{demo, 3, caller, "try|test|evaluate * product|software|platform|system|app|tool|solution|it out"}, {demo, 3, anyone, "presentation of|on|about"},
		{demo, 3, caller, "book|schedule|arrange|setup|organise|organize * meeting|session|call|consultation|appointment|viewing|visit|introduction"},
		{demo, 3, caller, "set up * meeting|session|call|consultation|appointment|introduction"}, {demo, 2.5, caller, "like|love|want to see * product|software|platform|system"},
		{demo, 2.5, caller, "interested in * product|software|platform|system|solution|service|services|tool|app"},
		{demo, 2, caller, "talk|speak to|with * sales|salesperson|account"}, {demo, 2, caller, "looking|shopping for|at|into * system|solution|software|platform|tool|vendor|provider"},
		{demo, 2, caller, "evaluating|comparing"},
		// Prices.
		{pricing, 5, caller, "how much * cost|charge|is|are|does|do|would|for"}, {pricing, 4, anyone, "how much"},
		{pricing, 5, caller, "what do|does|would|will * cost|charge|run|pay"}, {pricing, 4, caller, "price|prices|pricing|quote|quotation|estimate|rates|pricelist"},
		{pricing, 2.5, agent, "price|prices|pricing|quote|quotation|estimate"}, {pricing, 3, anyone, "cost|costs|fee|fees|tariff"},
		{pricing, 5, caller, "what you|they|it|that * charge|charges|cost|costs"}, {pricing, 4.5, caller, "how pricey|expensive|costly"}, {pricing, 2, caller, "pricey|costly"},
		{pricing, 2, anyone, "per|a month|user|seat|license|licence|year|head|agent|location"}, {pricing, 2.5, caller, "plan|plans|package|packages|tier|tiers|subscription"},
		{pricing, 3, caller, "discount|discounts|volume"}, {pricing, 4.5, caller, "make|send|get|give|prepare|write|email|mail|have * me|us * offer|proposal|bid|quote|figures"}, {pricing, 3.5, caller, "need|want|like|request|get|send an|your|a|some offer|proposal|bid"}, {pricing, 3, caller, "an offer for"}, {pricing, 2, caller, "budget|expensive|cheaper|cheap|affordable|afford"},
		{pricing, 2, anyone, "dollars|euros|pounds"}, {pricing, 3, caller, "monthly|annual|yearly price|cost|fee|rate|billing"},
		// Something is wrong.
		{support, 5, caller, "not|stopped|stops|quit|keeps|isnt * working|work|works|turning|turn|starting|start|loading|load|connecting|connect|charging|charge|opening|open|printing|print|responding|heating|cooling|cool|heat|syncing|sync|ringing"},
		{support, 4.5, anyone, "broken|broke|breaks|defective|faulty|damaged|cracked|leaking|leaks|leak|shattered|malfunction~|overheat~"},
		{support, 3.5, anyone, "problem|problems|issue|issues|trouble|error|errors|fault|bug|bugs|outage|glitch|glitches"},
		{support, 3.5, caller, "crash~|freez~|frozen|stuck|dead|died|disconnect~|flicker~|beeping"}, {support, 3, caller, "is|are|been|keeps|went|goes down|offline"},
		{support, 4, caller, "error message|code"}, {support, 3, caller, "order|tracking|ticket|serial|case|confirmation number"}, {support, 2, agent, "order|tracking|ticket|case number"},
		{support, 3, caller, "my|our|an|the order|orders|package|packages|parcel|delivery|shipment|invoice"}, {support, 2, caller, "ordered|purchased|bought"},
		{support, 5, caller, "not|never * arrived|arrive|come|came|shipped|delivered|received|receive|got|gotten|showed"},
		{support, 4, caller, "still waiting for|on"}, {support, 3.5, caller, "where is|are my|our"}, {support, 2.5, caller, "is|was|are late|missing|overdue|delayed"},
		{support, 4, caller, "wrong|incorrect item|items|size|color|colour|model|product|part|order|address|amount"},
		{support, 3.5, caller, "refund|refunded|return|replacement|replace|replaced|exchange|warranty|repair|repaired|fix|fixed"}, {support, 2, agent, "refund|return|replacement|repair|technician|troubleshoot"},
		{support, 4.5, caller, "can not * log|login|sign|access|reset|connect|open|use|download|install|update|print|get|see"}, {support, 4.5, caller, "unable to * log|login|sign|access|reset|connect|open|use|download|install|update|print|get|see"}, {support, 4.5, caller, "not|trouble|problem|problems logging|signing|accessing|connecting|getting|opening in|into|on|to|it|my"},
		{support, 4, caller, "locked out"}, {support, 3, caller, "password|login|activation"}, {support, 3, anyone, "tech|technical|customer support|service|assistance"},
		{support, 4, caller, "charged|billed * twice|double|wrong|incorrectly|again|already"}, {support, 4, caller, "overcharged|double charged|double billed"},
		{support, 3, caller, "complain|complaint|complaining"}, {support, 3.5, caller, "cancel * order|subscription|account|service|membership"},
		{support, 4, caller, "not understand|know|remember|see how|what|why|where"}, {support, 4, caller, "not figure|work out"}, {support, 3, caller, "someone|somebody|anyone|anybody|you * help me|us"}, {support, 3, caller, "lost my|the"}, {support, 3.5, caller, "never|not comes|came|works|worked|stops|stopped"}, {support, 2, caller, "need|some|want|get help"}, {support, 2, caller, "help me with|us"}, {support, 2.5, caller, "technician|engineer|mechanic|plumber|electrician"},
		{support, 2.5, caller, "status of * order|ticket|case|claim|repair|delivery"}, {support, 3, caller, "track|tracking"},
		{support, 2.5, caller, "update|change * my|our address|account|details|card|payment|email"}, {support, 2.5, caller, "set up|setup|install|configure * my|our|device|router|account"},
		// Another time.
		{reschedule, 6, anyone, "reschedul~|rebook|rebooking|postpone|postponed|postponing"},
		{reschedule, 6, caller, "move|moving|change|changing|shift|switch|push|bring|swap|delay|alter|modify * appointment|appointments|meeting|booking|visit|session|slot|reservation|demo|delivery|installation|interview|consultation|inspection|viewing|cleaning|checkup|service|time|date|day"},
		{reschedule, 5, caller, "move|push|bring|shift|change|switch * to|until|from|back|forward|up * monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next|week|afternoon|morning|later|earlier|oclock"},
		{reschedule, 4, caller, "another|different|later|earlier|new|other day|time|date|slot|week"}, {reschedule, 2, caller, "instead"}, {reschedule, 5, caller, "move|change|push|switch|shift|bring|swap it|that|this|them to|until|for|back|forward|from|up"},
		{reschedule, 4.5, caller, "can|will not * make it|that|my|our|the|tomorrow|today|monday|tuesday|wednesday|thursday|friday"}, {reschedule, 4, caller, "can|will not be able to? come|attend|be|make"}, {reschedule, 4, caller, "can|will not come|attend"}, {reschedule, 4, caller, "unable to come|attend|make"}, {reschedule, 3.5, caller, "not * make it"},
		{reschedule, 5, caller, "cancel|cancelling|canceling * appointment|meeting|booking|visit|session|reservation|demo|slot|consultation"},
		{reschedule, 2.5, caller, "my|our|an|the appointment|booking|reservation|meeting|consultation|slot"}, {reschedule, 2, caller, "have|had|got an|a|my? appointment|booking|meeting|reservation"},
		{reschedule, 2.5, caller, "something|conflict came|come up"}, {reschedule, 2, agent, "new|other|another time|slot|date|day"}, {reschedule, 2, agent, "move|moved|change|changed * appointment|booking|visit|you|it"},
		// Somebody else was meant.
		{wrongNumber, 7, anyone, "wrong number"}, {wrongNumber, 6, caller, "dialed|dialled|called|calling|rang * wrong|mistake|accident|error|incorrectly"},
		{wrongNumber, 6, anyone, "misdial~"}, {wrongNumber, 4, caller, "wrong place|company|business|person|house|office"},
		{wrongNumber, 5, agent, "no one * here|by|named|called"}, {wrongNumber, 5, agent, "nobody * here|by|named|called"}, {wrongNumber, 5, agent, "not|never * anyone|anybody * by|named|called"}, {wrongNumber, 5, agent, "no #name here|at"}, {wrongNumber, 4, agent, "you have|reached * wrong"},
		{wrongNumber, 4, agent, "this is not"}, {wrongNumber, 3, agent, "we are not a|the|that"}, {wrongNumber, 3, agent, "not a|the restaurant|pizzeria|pharmacy|school|clinic|hospital|bank|taxi|dentist|salon"},
		{wrongNumber, 3, caller, "is not this|that"}, {wrongNumber, 2.5, caller, "this is not"}, {wrongNumber, 2, caller, "meant|trying|tried|wanted to call|reach|dial"},
		{wrongNumber, 2, caller, "sorry to|for bother|bothering|disturb|disturbing"}, {wrongNumber, 1.5, caller, "never mind"}, {wrongNumber, 1.5, caller, "my mistake|apologies|bad"},
		{wrongNumber, 2, caller, "is this|that the? * pizza|pizzeria|pharmacy|clinic|hospital|salon|restaurant|school|residence|bakery|garage|library"},
		{wrongNumber, 2, caller, "is #name there|home|in"},
		// Somebody sells something to us.
		{spam, 6, caller, "car|auto|vehicle|extended warranty"}, {spam, 5, caller, "press|dial one|1|two|2|nine|9"}, {spam, 5, caller, "limited time"},
		{spam, 4, caller, "final|last|second notice|attempt|warning"}, {spam, 4, caller, "act|call now|today|immediately"}, {spam, 4, caller, "special|exclusive|amazing|great|unbeatable|promotional offer|offers|deal|deals|rates|promotion|opportunity"},
		{spam, 5, caller, "you|your|have|been selected|chosen|won|win|prequalified|qualify|eligible|approved|preapproved"}, {spam, 3, caller, "congratulations|winner|prize|cruise|giveaway|sweepstakes"},
		{spam, 5, caller, "lower|reduce|cut|save|slash|eliminate * your * rate|rates|bill|bills|costs|debt|taxes|interest|expenses|payments|premium|premiums"},
		{spam, 5, caller, "save you|your * money|percent|thousands|hundreds"}, {spam, 5, caller, "business loan|loans|funding|financing|advance|capital"}, {spam, 4, caller, "line of credit"}, {spam, 4, caller, "working capital"}, {spam, 4, caller, "merchant services|account|cash"}, {spam, 4, caller, "card|payment processing"},
		{spam, 6, caller, "google|business|online|map|maps listing|listings"}, {spam, 6, caller, "seo"}, {spam, 5, caller, "search engine|ranking|rankings|results"}, {spam, 5, caller, "first page of"}, {spam, 4, caller, "web|website|online traffic|ranking|visibility|presence"}, {spam, 4, caller, "rank|ranking * google"},
		{spam, 3.5, caller, "solar panel|panels|energy"}, {spam, 5, caller, "irs"}, {spam, 5, caller, "social security administration|department"}, {spam, 5, caller, "arrest|warrant|lawsuit"}, {spam, 4, caller, "legal action"}, {spam, 4, caller, "electric|electricity|energy|gas|internet|phone|insurance supplier|provider|bill|plan|rates"},
		{spam, 3.5, caller, "decision maker|makers"}, {spam, 3, caller, "business owner"}, {spam, 3, caller, "owner of * business|company"}, {spam, 3.5, caller, "person|who|whoever|someone * in charge|handles|responsible|manages"},
		{spam, 4, caller, "not a sales|scam call"}, {spam, 5, caller, "automated|recorded|prerecorded|important message|call|announcement"}, {spam, 4, caller, "on a recorded line"}, {spam, 4, caller, "crypto|cryptocurrency|bitcoin|investment|investments|forex"},
		{spam, 5, caller, "student loan|debt|credit card forgiveness|relief|consolidat~"}, {spam, 4.5, caller, "we|company|i offer|provide|specialize|specialise|sell|supply * to|for|you|your|businesses|companies|customers"},
		{spam, 4.5, caller, "we help businesses|companies|firms|organizations|people|owners"}, {spam, 5, caller, "like|love|want|wanted|calling to offer|sell|pitch|present|introduce|tell you"}, {spam, 5, caller, "offer you|your"}, {spam, 5, caller, "make|have|got * you|your * offer|proposal|deal"}, {spam, 4, caller, "infected|virus|hacked|compromised"}, {spam, 4, caller, "claim your|the prize|reward|gift|refund"}, {spam, 4, caller, "guaranteed returns|approval|results"},
		{spam, 4.5, caller, "our|my new|latest|award|company|companys|great|exclusive|own product|products|service|services|solution|solutions|platform|software|offer|program|package|packages|deal"},
		{spam, 4, caller, "show|send you|your * our|my|brochure|catalog|catalogue|how we"}, {spam, 3, caller, "interested in saving|our|hearing|receiving|switching"}, {spam, 3, caller, "free quote|estimate|audit|consultation|inspection|sample|gift|vacation"},
		{spam, 2, caller, "do you have|got * a? minute|minutes|moment|seconds"}, {spam, 3, caller, "calling on behalf of"}, {spam, 2.5, caller, "survey"}, {spam, 3, caller, "to stop|opt out|be removed"},
		{spam, 4, agent, "take us|me|our|my * off|list"}, {spam, 4, agent, "remove us|me|our|my * list"}, {spam, 4, agent, "do not call|stop calling|stop solicit~"}, {spam, 3.5, agent, "not interested"}, {spam, 3, agent, "do not take|accept * sales|solicit~"},
		// A message for later.
		{voicemail, 4, agent, "leave * message"}, {voicemail, 4, agent, "after the tone|beep"}, {voicemail, 3, caller, "leaving|leave|left * message|voicemail"},
		{voicemail, 2, caller, "got|reached * voicemail|machine|answering"}, {voicemail, 1.5, caller, "call me|us back"}, {voicemail, 1.5, caller, "give me|us a call|ring|callback"}, {voicemail, 1.5, caller, "return|returning * call"},
		// A question that anybody could answer.
		{general, 4.5, caller, "what|which time|times|hours|days * open|close|closing|opening"}, {general, 5, anyone, "opening|business|office|store|working hours|times"}, {general, 3, anyone, "hours"},
		{general, 4, caller, "when do|are|does|is * open|close|closed|closing|start"}, {general, 4, caller, "when you|it|they|the * open|close"}, {general, 4, caller, "are|is you|the|your|it * open|closed"}, {general, 3, anyone, "open on|today|tomorrow|until|from|till|at|late|weekends"},
		{general, 4.5, caller, "where are|is|exactly * located|based|office|store|shop|you|your|showroom|branch"}, {general, 4, caller, "located|location|locations|directions|parking|nearest|entrance"}, {general, 3.5, caller, "how do i|we get to|there"}, {general, 3.5, caller, "find|park your|you|the? office|store|shop|place|there|near|nearby"}, {general, 3, caller, "your * address|location"},
		{general, 2, caller, "do|does * have|offer|accept|take|ship|deliver|serve|support|sell|carry|provide|speak|allow"}, {general, 2.5, caller, "general|quick|simple|another|one|have question|questions|inquiry|enquiry"}, {general, 1.5, caller, "question about|regarding"},
		{general, 2, caller, "put|connect|transfer|patch me|us through|to|with|over"}, // to whom says the rest
		{general, 3.5, caller, "until|till|by when|what"}, {general, 2.5, caller, "drop|come|stop by|in|over"}, {general, 1.5, caller, "wondering|curious"}, {general, 1.5, caller, "wanted|want|like to know|ask"}, {general, 1.5, caller, "find out"}, {general, 2.5, caller, "holiday|holidays|weekend|weekends|christmas|thanksgiving"}, {general, 3, caller, "what is your * email|fax|website|address|policy"},
		{general, 3.5, caller, "hiring|job|jobs|vacancy|vacancies|career|careers|internship|apply"}, {general, 2, caller, "information about|on"}, {general, 2, caller, "wheelchair|accessible|pets|dogs"},
	}
}

// outcomesEnglish is how people on the telephone say in English how a call ends.
func outcomesEnglish() []entry {
	return []entry{
		{booked, 4, agent, "you|that|it|we|demo|everything are|is|have * booked|scheduled|confirmed|set|down"}, {booked, 4, agent, "i|we have|will|can * book|booked|schedule|scheduled|put|set|reserve|reserved * you|that|it|demo|down|up|in"},
		{booked, 4, agent, "booked|scheduled|confirmed * for|on|at"}, {booked, 3.5, agent, "see|talk|speak * you|then * monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|then|next|at"},
		{booked, 4, agent, "invite|invitation|calendar|confirmation"}, {booked, 3, agent, "demo|meeting * is * monday|tuesday|wednesday|thursday|friday|tomorrow|next"},
		{booked, 3, agent, "got|have|put you down|in"}, {booked, 4, agent, "consider it|that|yourself|this booked|done|scheduled|arranged"}, {booked, 4, agent, "penciled|pencilled|slotted|got|signed you in|down|up"}, {booked, 2.5, agent, "all set"}, {booked, 2.5, caller, "works|perfect|great|sounds|fine|good for me|then|perfect"},
		{lead, 3, anyone, "call|get|reach|come * back"}, {lead, 3, agent, "send|email * you|quote|proposal|pricing|information|over"}, {lead, 3, agent, "someone|specialist|representative|rep|colleague|team|manager * call|contact|reach|touch"},
		{lead, 2, caller, "employees|people|users|seats|locations|licenses|agents|staff|team"}, {lead, 2, caller, "our|my company|business|team|firm|practice"}, {lead, 2.5, caller, "send me|us"}, {lead, 2.5, caller, "interested"},
		{ticket, 5, agent, "ticket|case|claim|request"}, {ticket, 4, agent, "open|opened|opening|create|created|log|logged|raise|raised|file|filed|register * ticket|case|issue|problem|claim|request|complaint"},
		{ticket, 3, agent, "technician|engineer|replacement|refund|repair|investigate|escalate|look into|check"}, {ticket, 3, agent, "sorry|apologize|apologise * hear|about|for|that"},
		{moved, 5, agent, "moved|rescheduled|rebooked|changed|switched|updated|pushed|cancelled|canceled"}, {moved, 4, agent, "move|reschedule|change|switch|push * you|it|that|appointment|to"}, {moved, 3, agent, "new time|appointment|date|slot|booking"},
		{moved, 3, agent, "see you|then|your * monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|next"},
		{informed, 3, agent, "we are|is|open|close|closed|located|on|from|until"}, {informed, 2, agent, "our|the hours|address|price|prices|plan|plans|cost|office|store"}, {informed, 2, agent, "it|that|plan|plans|price|prices costs|cost|is|starts|start"},
		{informed, 2, agent, "yes|no we"}, {informed, 2, caller, "thanks|thank * all|needed|information|helpful|know"},
		{left, 4, agent, "leave * message"}, {left, 4, agent, "tone|beep"}, {left, 2, caller, "leaving|leave * message"},
		{transferred, 6, agent, "transfer~"}, {transferred, 6, agent, "put|putting|connect|connecting|patch|patching|pass|passing|hand|handing * you|him|her|call * through|to|with|over"},
		{transferred, 6, agent, "connecting|transferring|patching you|your"}, {transferred, 6, agent, "put|putting you * through"},
		// That a caller asks for it is not enough; that he is asked to wait then is.
		{transferred, 3, caller, "put|connect|transfer|patch me|us through|to|with|over"}, {transferred, 2, agent, "one|a|just moment|second"}, {transferred, 2, agent, "hold|stay on|the|please"},
		{transferred, 5, agent, "get|bring * on the line|phone"}, {transferred, 5, anyone, "been|was transferred|connected"}, {transferred, 4, agent, "you are now? through|speaking to|with"},
		{dialled, 3, anyone, "wrong number"}, {unwanted, 3, agent, "not interested"}, {unwanted, 3, agent, "list|calling"},
	}
}
