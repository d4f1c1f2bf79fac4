//nolint:misspell // part of it is Spanish
package vertexai

import "strings"

// families are words that stand for one another in a phrase of the lexicon: "@day" is any of them. What
// people may put into a phrase is learnt once and holds for every phrase.
func families() map[string]string {
	return map[string]string{
		// What somebody sells, as those call it who don't have it yet.
		"product": "product|products|software|platform|system|app|application|tool|tools|program|programme|solution|package|module|dashboard|thing|it|this|that|yours",
		"look":    "see|look|watch|view|try|test|peek|glimpse|explore|check|evaluate",
		"meeting": "appointment|appointments|meeting|booking|visit|session|slot|reservation|demo|delivery|installation|interview|consultation|inspection|viewing|training|maintenance|service|call|lesson|checkup|cleaning|time|date",
		"day":     "monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|today|tonight|noon|morning|afternoon|evening|week|month|then|two|three|four|five|nine|ten|eleven|twelve|1st|2nd|3rd|4th|14th",
		"past":    "yesterday|monday|tuesday|wednesday|thursday|friday|saturday|sunday|noon|morning|lunch|week|weekend|month|update|upgrade|installation|this|last|the|then",
		// Signs that something is not as it should be.
		"trouble": "flooded|flooding|smokes|smoking|sparks|sparking|burnt|burning|burned|banging|rattling|rattles|squeaking|squeaks|grinding|buzzing|humming|hissing|smells|stinks|soaked|scratched|dented|torn|ripped|stained|jammed|jams|unresponsive|invalid|rejected|declined|denied|corrupt|corrupted|expired|crackling|shattered|garbled|wobbles|wobbly|drips|dripping|tripped|clogged|unusable|useless|slow|sluggish|laggy|lags|hangs|froze|rusty|chipped|bent|spoiled|spoilt|mouldy|moldy|misbehaving|haywire|wonky",
		"missing": "sound|power|signal|internet|dial|heat|heating|water|light|picture|connection|reception|wifi|display|response|gas|electricity",
		// What the learnt readers take for one another.
		"fixed":    "booked|scheduled|confirmed|arranged|diary|calendar|pencilled|penciled|slotted|reserved|schedule|book|agendada|agendado|reservada|reservado|confirmada|confirmado|anotado|anotada|apuntado|apuntada",
		"shifted":  "moved|changed|altered|amended|adjusted|rescheduled|switched|swapped|pushed|shifted|rebooked|cancelled|canceled|postponed|brought|cambiada|cambiado|movida|movido|pasada|aplazada|reprogramada|reagendada|cancelada",
		"shift":    "move|change|reschedule|switch|swap|push|shift|rebook|cancel|postpone|rearrange|delay|mover|cambiar|reprogramar|reagendar|aplazar|posponer|adelantar|cancelar|anular|moverla|cambiarla|aplazarla",
		"charges":  "quote|quotation|quotes|proposal|offer|offers|estimate|figures|sums|price|prices|pricing|pricelist|cost|costs|rate|rates|fee|fees|tariff|tariffs|presupuesto|cotizacion|propuesta|oferta|tarifa|tarifas|precio|precios|costo",
		"ring":     "call|calls|ring|rings|phone|phones|bell|buzz|shout|contact|contacts|touch|llama|llamar|llamara|llamamos|llamaran|marca|marcar|marcamos|contacta|contactara",
		"logged":   "ticket|case|incidencia|reporte|caso|folio|parte|claim|tickets",
		"handover": "transfer|transferring|connect|connecting|patch|patching|handing|hand|pass|passing|comunico|transfiero|paso|pongo|conecto|comunica",
		"send":     "send|sends|sending|mail|email|mailbox|inbox|post|posted|mando|mandamos|mandare|envio|enviamos|enviare|mandarle|enviarle",
		"showing":  "demo|demos|demonstration|demonstrations|demonstrate|presentation|present|walkthrough|tour|trial|show|showing|shown|demostracion|presentacion|prueba|ensenar|mostrar|ensene|muestre",
		"buy":      "ordered|bought|purchased|got|compre|compramos|pedi|pedimos",
		"parcel":   "order|orders|parcel|package|delivery|shipment|box|pedido|pedidos|paquete|envio",
		"weekday":  "monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|lunes|martes|miercoles|jueves|viernes|sabado|domingo",
		"money":    "dollars|dollar|euros|euro|pounds|bucks|pesos|dolares|cents|quid|$|€",
		"person":   "technician|engineer|mechanic|plumber|electrician|fitter|installer|specialist|consultant|colleague|manager|supervisor|rep|representative|advisor|chap|tecnico|ingeniero|asesor|asesora|companero|companera|colega|encargado|encargada|especialista",
		"device":   "screen|display|sensor|drawer|turnstile|scales|pump|elevator|gate|printer|scanner|router|modem|tablet|phone|phones|laptop|computer|terminal|reader|till|register|fridge|oven|washer|dishwasher|dryer|freezer|kettle|toaster|blender|vacuum|heater|boiler|thermostat|camera|monitor|keyboard|headset|speaker|lock|alarm|machine|scale|charger|battery|tv|television|watch|drill|saw|mower|bike|printers|impresora|terminal|maquina|licuadora|lavadora|refrigerador|cafetera|tableta|telefono|computadora|ordenador|monitor|lector|caldera|aspiradora|horno|caja|aparato|equipo",
		"thing":    "crack|hole|scratch|leak|dent|stain|noise|smell|water|puddle|bug|mistake|error|discrepancy|gap",
		// And the same in Spanish.
		"producto": "producto|plataforma|sistema|programa|aplicacion|app|herramienta|software|servicio|modulo",
		"cita":     "cita|citas|reunion|reserva|visita|turno|hora|fecha|llamada|demo|sesion|consulta|entrega|instalacion|revision",
		"dia":      "lunes|martes|miercoles|jueves|viernes|sabado|domingo|manana|hoy|tarde|semana|dia",
		"falla":    "averia|negro|blanco|roto|rota|rotos|rotas|estropeado|estropeada|estropeo|estropearon|danado|danada|dano|descompuesto|descompuesta|descompuso|quemado|quemada|quemo|lento|lenta|atascado|atascada|trabado|trabada|colgado|mojado|mojada|vacio|vacia|incompleto|incompleta|caducado|rayado|rayada|averiado|averiada",
		"negocio":  "empresa|compania|negocio|tienda|firma|ferreteria|restaurante|panaderia|taller|clinica|farmacia|hotel|bufete|despacho|inmobiliaria|constructora|consultorio|escuela|colegio|peluqueria|libreria|carniceria|agencia|fabrica|asociacion|muebleria|papeleria|gimnasio|cafeteria|bodega",
	}
}

// family puts its words in the place of "@name".
func family(alternatives string, all map[string]string) string {
	parts := strings.Split(alternatives, "|")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, "@"); ok {
			parts[i] = all[name]
		}
	}
	return strings.Join(parts, "|")
}
