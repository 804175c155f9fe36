package triage

// Spanish returns the words of Spanish.
func Spanish() Words {
	return Words{
		Unable: lines(`
			no puedo|podemos|puede|pueden|podia|podiamos|pude|pudimos, no se puede|pueden, imposible, no logro|logramos|logra|logran, no consigo|conseguimos|consigue|consiguen, no deja|permite, no nos|me|les|le deja|permite, nadie puede|logra|consigue, ningun ~ puede|logra|consigue, sin poder, incapaz|incapaces, no hay forma|manera, tenemos|tengo problemas, problemas para`),
		Action: lines(`
			entrar|acceder|ingresar|iniciar|abrir|cargar|guardar|publicar|subir|enviar|trabajar|usar|buscar|editar|escribir|conectar|conectarnos|conectarme|hacer|ver|actualizar|sincronizar|descargar|imprimir|loguearnos|loguearme|sacar|emitir`),
		Not: lines(`no, nunca, nada, nadie, ya no, tampoco, ni, sin, dejo|deja|dejaron de, ningun|ninguna|ninguno`),
		Works: lines(`
			funciona|funcionan|funcionar|funcionando|funcionaba|funciono, carga|cargan|cargar|cargando, responde|responden|responder|respondiendo|respuesta, abre|abren|abrir, guarda|guardan|guardar, publica|publican|publicar, conecta|conectan|conectar, sube|suben|subir, aparece|aparecen ~ nada|noticias, llega|llegan|llegando, actualiza|actualizan|actualizar, entra|entran, contesta|contestan, acceso, reacciona`),
		Failure: lines(`
			caido|caida|caidos|caidas, se cayo|cae|caen|cayeron, esta|estan|sigue caido|muerto|colgado|parado|parada|bloqueado, colgado|colgada|cuelga|congelado|congelada|bloqueado|bloqueada|trabado|trabada, pantalla|pagina blanca|negra|vacia, pantalla|pagina en blanco, fuera de servicio|linea, inaccesible, no disponible, no funciona|carga|responde|anda|va|abre|conecta, error 500|502|503|504|del|de, sale|salen|da|dan|aparece|muestra|marca|tira error|errores|un, nos|me saca|echa|expulsa|bota|desconecta, perdimos|perdido ~ acceso|conexion|trabajo|todo, intermitente|intermitentes|intermitencia, lentisimo|lentisima, muy|demasiado|extremadamente lento|lenta, tiempo de espera, se corta|desconecta, parada|parado|parados, interrupcion, apagon, fallo|falla|fallan|fallando`),
		Trouble:  lines(`problema|problemas, error|errores, raro|rara|extrano|extrana, lento|lenta, mal, averia, incidencia|incidencias, desaparecido|desaparecio|desaparecieron, falta|faltan, no aparece|aparecen|veo|vemos, queja, que pasa|pasando, que esta pasando, hay alguien, alguna novedad`),
		Hint:     lines(`ayuda, urgente, hay alguien, alguien ahi,  otra vez, de nuevo, sigue|siguen|seguimos, ahora, esperando, desde, servidor|servidores`),
		Scope:    lines(`todos|todas, nadie, toda|todo la|el, varios|varias, ningun|ninguno|ninguna, redaccion|redactores, nuestro|nuestros|nuestra equipo|redactores|editores|usuarios|redaccion, companeros|companeras, les pasa`),
		Onset:    lines(`desde, hace, ahora mismo|no, en este momento, esta noche|manana|tarde, de repente, otra vez, de nuevo, sigue|siguen|seguimos, a cada rato`),
		Plea:     lines(`urgente|urgentes|urgencia, emergencia, cuanto antes, inmediatamente|inmediato, ayuda, por favor llamen|ayuda, cerramos|cierre, ultima hora`),
		Narrow:   lines(`solo un|una|yo|me|mi, un usuario|articulo, una nota|foto`),
		If:       lines(`si ~ se|el|la, en caso, mantenimiento programado, habra`),
		Past:     lines(`ayer, la semana|noche pasada, el mes|ano pasado, en noviembre|octubre|septiembre, anterior, causa raiz`),
		Present:  lines(`sigue|siguen|seguimos, ahora, otra vez, de nuevo, hoy, desde`),
		Over:     lines(`ya funciona|esta|funcionan|quedo, funciona ~ otra|de vez|nuevo, se resolvio|soluciono|arreglo, solucionado|resuelto|arreglado, falsa alarma, todo bien`),
		But:      lines(`pero, excepto, salvo, solo para`),
		How:      lines(`como|donde puedo|podemos|se|hago|hacemos|agrego|anado|cambio|encuentro, hay ~ manera|forma|modo, es posible, me|nos pueden|puede|podria|podrian explicar|decir|indicar, olvide|olvido ~ contrasena, manual|guia|tutorial|documentacion, cual es, quisiera saber`),
		Money:    lines(`factura|facturas|facturacion, pago|pagos|pagar, recibo|recibos, reembolso, precio|precios, presupuesto, cotizacion, cobro|cobraron|cobrado, tarjeta, suscripcion|renovacion|renovar, contrato, cancelar, iva|cif|nif|rfc, licencia|licencias, cuenta bancaria`),
		Wish:     lines(`sugerencia|sugerencias, seria genial|bueno|util|ideal|posible|estupendo, me|nos gustaria, funcion nueva, nueva funcion, tienen|teneis previsto, podrian anadir|agregar|incluir, han pensado|considerado`),
		Praise:   lines(`gracias, enhorabuena|felicidades|felicitaciones, excelente|estupendo|fantastico|genial|buenisimo, buen trabajo|servicio, encantados|encantado|contentos|satisfechos`),
		Admin:    lines(`fuera de la oficina, vacaciones, reunion|reuniones, demostracion|demo, capacitacion|formacion|curso, nuevo usuario|empleado, usuario nuevo, agregar|anadir|eliminar ~ usuario|cuenta, adjunto|adjunta|adjuntos, curriculum|solicitud|empleo|vacante, cuestionario|encuesta, proteccion de datos, boletin, cambio de direccion`),
		Spam:     lines(`posicionamiento, oferta especial|limitada, haga clic, ha ganado, premio, prestamo|prestamos, criptomonedas, oportunidad de negocio, darse de baja`),
		Everyday: lines(`pregunta|consulta|duda, la proxima semana, el lunes|martes|miercoles|jueves|viernes, quisiera|quisieramos, interesados|interesado, pueden enviar|confirmar|mandar, saludos|cordial`),
		Personal: lines(`olvide|olvido|perdi ~ contrasena|clave, restablecer ~ contrasena|clave`),
		Common:   lines(`el, la, los, las, un, una, de, del, que, y, a, en, es, son, por, para, con, no, se, lo, me, nos, mi, nuestro, nuestra, su, le, les, al, como, hola, pero, si, hay, este, esta, muy, mas, yo, ya`),
	}
}
