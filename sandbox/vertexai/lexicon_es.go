package vertexai

// wantsSpanish is how callers say in Spanish what they want. Words are without accents, as they are compared.
func wantsSpanish() []entry {
	return []entry{
		{demo, 5, anyone, "agendar|reservar|programar|pedir|solicitar|concertar|ver|tener|quiero|queremos|hacer|quisiera|quisieramos|gustaria|organizar|coordinar * demo|demostracion|presentacion"},
		{demo, 3.5, anyone, "demo|demos|demostracion|demostraciones"}, {demo, 3, anyone, "presentacion"}, {demo, 4, caller, "ver|conocer * producto|plataforma|sistema|programa|aplicacion|herramienta|software"},
		{demo, 3.5, caller, "ver|saber|ensenar|mostrar|muestren|ensenen * como funciona"}, {demo, 4, anyone, "prueba|periodo gratis|gratuita|de prueba"}, {demo, 2.5, caller, "probar"},
		{demo, 3, caller, "agendar|reservar|concertar|programar|coordinar|pedir|sacar * cita|reunion|llamada|visita|consulta"}, {demo, 2.5, caller, "interesa|interesado|interesada|interesados * producto|plataforma|sistema|servicio|servicios|programa|contratar"},
		{demo, 2, caller, "hablar con * ventas|vendedor|comercial"},
		{pricing, 5, caller, "cuanto cuesta|cuestan|cobran|vale|valen|sale|salen|seria|cuestas|costaria|es|son"}, {pricing, 4, anyone, "precio|precios|tarifa|tarifas|cotizacion|cotizar|presupuesto"},
		{pricing, 3, anyone, "costo|costos|coste|costes"}, {pricing, 3, caller, "descuento|descuentos"}, {pricing, 2, caller, "plan|planes|paquete|paquetes|suscripcion"}, {pricing, 2, anyone, "a el|por|cada mes|usuario|persona|ano"}, {pricing, 2, anyone, "mensual|anual|mensualidad"},
		{pricing, 2, caller, "caro|barato|economico"}, {pricing, 2, anyone, "euros|dolares|pesos"},
		{support, 5, caller, "no|dejo|deja * funciona|funcionan|funcionar|enciende|encienden|encender|prende|carga|arranca|anda|conecta|abre|sirve|sirven|imprime|enfria|calienta|responde|reconoce"},
		{support, 5, caller, "no|nunca * llega|llegan|llegado|llego|recibido|recibi|entregado|entregaron|enviado|aparece"}, {support, 4.5, caller, "no me deja|permite"}, {support, 4.5, caller, "no puedo entrar|acceder|iniciar|conectar|conectarme|abrir|usar|ver"},
		{support, 4.5, anyone, "roto|rota|rotos|averiado|averiada|averia|danado|danada|defectuoso|defectuosa|estropeado|estropeada|descompuesto|descompuesta|fallando|rompio|estropeo|descompuso|rajada|rajado"},
		{support, 4, caller, "falla|fallas|fallo|fallos"}, {support, 3.5, anyone, "problema|problemas|inconveniente|error|errores|incidencia"}, {support, 3, anyone, "pedido|pedidos|paquete|envio|encargo|entrega"},
		{support, 3, anyone, "numero de pedido|orden|seguimiento|serie|caso|compra"}, {support, 2.5, caller, "orden|ordene|compre|pedi"},
		{support, 3.5, caller, "devolver|devolucion|reembolso|garantia|reparar|reparacion|reparen|arreglar|arreglen|reemplazo|cambio"}, {support, 3, anyone, "soporte|tecnico|servicio tecnico|asistencia"},
		{support, 3, caller, "contrasena|clave|cuenta|sesion"}, {support, 3, caller, "queja|reclamo|reclamacion|reclamar|quejarme"}, {support, 4, caller, "cobraron|cobrado|facturaron|cargaron * dos|doble|mal|mas"}, {support, 3, caller, "factura"},
		{support, 2, caller, "ayuda|ayudarme|ayudar|ayuden"}, {support, 3.5, caller, "donde esta mi|nuestro"}, {support, 3, caller, "equivocado|incorrecto|otro producto|talla|modelo|articulo|color"}, {support, 3.5, caller, "cancelar * pedido|suscripcion|cuenta|servicio|contrato"},
		{support, 3, caller, "retras~|tarda|tardando|demora|demorado"}, {support, 4, caller, "se corta|apaga|bloquea|cuelga|congela|reinicia|calienta|traba"}, {support, 3.5, caller, "pierde|fuga|gotea|ruido"},
		{reschedule, 6, anyone, "reprogram~|reagend~|aplazar|aplazarla|aplazarlo|posponer|posponerla|posponerlo"},
		{reschedule, 6, caller, "mover|cambiar|cambio|adelantar|atrasar|modificar|pasar|retrasar|correr * cita|citas|reunion|reserva|visita|turno|hora|fecha|llamada|demo|sesion|consulta|dia|entrega|instalacion|revision"},
		{reschedule, 5, caller, "moverla|cambiarla|adelantarla|atrasarla|pasarla|moverlo|cambiarlo|pasarlo|correrla"}, {reschedule, 4, caller, "otro|otra|diferente dia|hora|fecha|momento|horario"}, {reschedule, 4.5, caller, "no puedo|podre|podemos|voy a poder ir|asistir|llegar|acudir|venir|estar"},
		{reschedule, 5, caller, "cancelar|anular * cita|reserva|reunion|turno|visita|consulta"}, {reschedule, 2.5, caller, "mi|la|una|nuestra|tengo cita|reserva|turno|reunion"}, {reschedule, 4, caller, "pasar|mover|cambiar|dejar * para|a|el lunes|martes|miercoles|jueves|viernes|sabado|domingo|manana|proxima|siguiente"}, {reschedule, 2, caller, "surgio|imprevisto"},
		{wrongNumber, 7, anyone, "numero equivocado|incorrecto|erroneo"}, {wrongNumber, 6, anyone, "equivoque|equivocado|equivocada|equivoco de? numero?"}, {wrongNumber, 6, caller, "marque|marcado|marcar mal|otro"}, {wrongNumber, 5, agent, "no vive|trabaja|hay|conozco|conocemos * aqui|nadie|ningun|ninguna|nombre"}, {wrongNumber, 4, agent, "esto|aqui|esta|este no es"},
		{wrongNumber, 4, agent, "no somos"}, {wrongNumber, 2, caller, "perdon|perdone|disculpe|disculpa la? molestia|por|equivocacion"}, {wrongNumber, 2.5, caller, "no es|hablo con la? * pizzeria|farmacia|clinica|casa|panaderia|restaurante|taller|peluqueria"}, {wrongNumber, 2, caller, "se encuentra|esta #name"},
		{spam, 5, caller, "ha|han sido seleccionado|seleccionada|elegido|ganador|ganadora|premiado"}, {spam, 4, caller, "ganado|premio|sorteo|felicidades|felicitaciones"}, {spam, 5, caller, "bajar|reducir|ahorrar|ahorre|rebajar * factura|luz|recibo|tasa|interes|intereses|deuda|gastos|tarifa|costos"},
		{spam, 5, caller, "pulse|marque|presione|oprima uno|1|dos|2|nueve|9"}, {spam, 4.5, caller, "prestamo|prestamos|credito|tarjeta * preaprobado|preaprobada|aprobado|inmediato|facil"}, {spam, 5, caller, "ofrecemos|ofrecerle|ofrecerles|ofrezco|ofreciendo"}, {spam, 4, caller, "oferta|promocion|oportunidad especial|limitada|exclusiva|unica|irrepetible"}, {spam, 3, caller, "oferta|promocion"},
		{spam, 5, caller, "posicionamiento|seo|buscadores|google|pagina web"}, {spam, 6, caller, "garantia * auto|coche|vehiculo|carro|extendida"}, {spam, 3.5, caller, "encargado|encargada|dueno|duena|responsable|titular de el? * compras|negocio|linea|servicio|empresa|luz|internet|telefonia"}, {spam, 5, caller, "mensaje|llamada automatic~|grabad~|importante"},
		{spam, 4, caller, "compania|operador|operadora de * luz|electrica|telefono|telefonia|gas|seguros"}, {spam, 4, caller, "paneles solares|criptomonedas|inversion|inversiones|bitcoin"}, {spam, 4, caller, "nuestro|nuestra|nuestros|nuestras nuevo|nueva|nuevos|nuevas|producto|productos|servicio|servicios|promocion|oferta|tarifas"}, {spam, 2, caller, "tiene un minuto|momento"}, {spam, 3.5, agent, "no * interesa|interesados|interesado|interesada"}, {spam, 4, agent, "no llamen|vuelva|vuelvan|llame"}, {spam, 4, agent, "dejen|deje de llamar"}, {spam, 3, agent, "lista"},
		{voicemail, 4, agent, "deje|dejar * mensaje"}, {voicemail, 4, agent, "despues de el? tono|senal"}, {voicemail, 3, caller, "dejo|dejar|dejando|dejarles|dejarle * mensaje|recado"}, {voicemail, 1.5, caller, "devuelvan|devuelvame|devolver|devuelva|devuelvanme * llamada"}, {voicemail, 1.5, caller, "llamenme|llameme|llamen|llamarme|me llamen|me llame"},
		{general, 5, anyone, "horario|horarios"}, {general, 5, caller, "a? que hora|horas|dias * abren|cierran|abre|cierra|atienden|estan"}, {general, 3.5, anyone, "abren|abre|abierto|abiertos|cierran|cerrado|atienden"}, {general, 4.5, caller, "donde estan|queda|quedan|esta|se encuentran|se encuentra"}, {general, 4, caller, "ubicacion|ubicados|direccion|como llego|llegar|estacionamiento|aparcamiento|aparcar|estacionar|sucursal"},
		{general, 2, caller, "tienen|aceptan|hacen|ofrecen|venden|hablan|entregan|admiten"}, {general, 2.5, caller, "informacion|informarme|informes"}, {general, 2, caller, "pregunta|consulta|duda|preguntar|consultar|saber"}, {general, 3, caller, "empleo|trabajo|vacante|vacantes|curriculum"}, {general, 2.5, caller, "festivo|festivos|fin de semana|domingos|sabados|feriados"},
	}
}

// outcomesSpanish is how people on the telephone say in Spanish how a call ends.
func outcomesSpanish() []entry {
	return []entry{
		{booked, 4, agent, "queda|quedamos|quedo|agendada|reservada|confirmada|programada|agendado|reservado|confirmado|programado|agende|reserve|apunte|apuntado|anotado"}, {booked, 3.5, agent, "nos|le|lo|la|les vemos|esperamos|hablamos"}, {booked, 4, agent, "invitacion|confirmacion|calendario"},
		{lead, 3, agent, "le|les * llamara|llamaran|contactara|contactaran|llamaremos|enviare|enviaremos|mando|envio|mandare"}, {lead, 2.5, caller, "mandeme|enviame|envieme|mandarme|enviarme|interesa|interesado|interesada"}, {lead, 2, caller, "empleados|personas|usuarios|empresa|negocio|equipo"},
		{ticket, 5, agent, "ticket|caso|incidencia|reporte|expediente"}, {ticket, 4, agent, "abro|abierto|abri|abrir|creo|creado|registro|registrado|levanto|genero|abrire|registrare"}, {ticket, 3, agent, "tecnico|reemplazo|reembolso|revisar|revisamos|revisare|investigar|siento|lamento|disculpe"},
		{moved, 5, agent, "reprogram~|reagend~|cambiada|cambiado|movida|movido|cambie|movi|modificada|modificado|cambiamos|cancelada|cancelado|pasada"}, {moved, 4, agent, "cambio|muevo|paso|cambiar|mover * cita|reserva|para|a|la|lo"}, {moved, 3, agent, "nueva cita|hora|fecha"}, {moved, 3, agent, "queda|quedamos"}, {moved, 3, agent, "le|les|nos|lo|la esperamos|vemos"},
		{informed, 3, agent, "abrimos|cerramos|estamos|atendemos|estamos"}, {informed, 2, agent, "cuesta|cuestan|precio|direccion|horario|desde"}, {informed, 2, agent, "tenemos|aceptamos|ofrecemos"}, {informed, 2, caller, "gracias|perfecto * informacion|todo|amable|necesitaba"},
		{left, 4, agent, "deje|dejar * mensaje"}, {left, 4, agent, "tono|senal"}, {transferred, 6, agent, "transfier~|transfer~|paso|comunico|pongo|conecto * con|a"}, {transferred, 6, agent, "le|la|lo|les|te paso|comunico|transfiero|conecto|pongo"},
		{dialled, 3, anyone, "numero equivocado"}, {unwanted, 3, agent, "no * interesa"},
	}
}
